"""The clock of a film."""

from gateway.viewers.film import Film


def test_a_film_that_does_not_run_is_at_its_beginning() -> None:
    film = Film(100.0, 4.0)
    assert (film.position(7.0), film.is_running, film.is_backwards) == (100.0, False, False)
    assert film.due(500.0) == 0.0


def test_a_film_runs_at_its_speed() -> None:
    film = Film(100.0, 4.0)
    film.run_from(100.0, 7.0)
    assert film.position(8.5) == 106.0
    assert film.due(106.0) == 8.5


def test_a_film_runs_backwards_and_slowly() -> None:
    film = Film(100.0, -0.125)
    film.run_from(100.0, 7.0)
    assert film.is_backwards
    assert film.position(15.0) == 99.0
    assert film.due(99.0) == 15.0


def test_a_film_goes_on_behind_a_gap() -> None:
    film = Film(100.0, 2.0)
    film.run_from(100.0, 7.0)
    film.run_from(900.0, 8.0)
    assert film.position(9.0) == 902.0
