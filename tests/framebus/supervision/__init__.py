"""Tests of framebus.supervision."""
