"""Usual names of the classes of CIFAR-10, by which a name that belongs to another class is recognised.

A program may use any other names.  The names are only judged if every class that is shown has one of those listed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_CALLED: Final = tuple(
    tuple(words.split())
    for words in (
        "airplane aeroplane plane aircraft flugzeug avion avión aereo aeroplano avião aviao vliegtuig samolot uçak",
        "automobile car auto automobil voiture coche carro automóvil macchina samochód otomobil araba",
        "bird vogel oiseau pájaro pajaro uccello pássaro passaro ptak kuş kus",
        "cat katze chat gato gatto kat kot kedi",
        "deer hirsch reh cerf ciervo cervo hert jeleń jelen geyik",
        "dog hund chien perro cane cachorro cão cao hond pies köpek kopek",
        "frog frosch grenouille rana sapo kikker żaba zaba kurbağa kurbaga",
        "horse pferd cheval caballo cavallo cavalo paard koń kon",
        "ship schiff bateau navire barco nave navio schip statek gemi",
        "truck lastwagen lkw camion camión caminhão caminhao vrachtwagen ciężarówka ciezarowka kamyon lorry",
    )
)


def usual_names(number: int) -> set[str]:
    """Return the usual names of a class, 0 to 9, in several languages."""
    return set(_CALLED[number])


def misnamed(names: Mapping[int, set[str]]) -> tuple[str, str] | None:
    """Find a name that is shown beside the images of a class other than its own.

    Args:
        names: The words that are shown beside the images of each class, 0 to 9, and beside no others.

    Returns:
        The name, and the first known name of the class that it is shown beside; `None` if all names are right, or if a
        class has none of the known names.
    """
    known = {word for words in _CALLED for word in words}
    if not all(words & known for words in names.values()):
        return None
    for number, words in names.items():
        if not words & usual_names(number):
            return min(words & known), _CALLED[number][0]
    return None
