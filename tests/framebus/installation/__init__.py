"""Tests of framebus.installation."""
