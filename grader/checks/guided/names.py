"""What the classes of CIFAR-10 are called, so that a name that belongs to another class is known as one.

A program may use any names, and none of these need be among them.  Only where every class that is shown goes by one of
them is it asked whether each goes by its own.
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


def misnamed(names: Mapping[int, set[str]]) -> tuple[str, str] | None:
    """A name that stands beside another class than its own, and what that class is called.

    Args:
        names: For each class, 0 to 9, the words that stand beside its images and no others.

    Returns:
        The name and the first of those of the class; `None` where all are right, or where some class goes by none of
        the names that are known here.
    """
    known = {word for words in _CALLED for word in words}
    if not all(words & known for words in names.values()):
        return None
    for number, words in names.items():
        if not words & set(_CALLED[number]):
            return min(words & known), _CALLED[number][0]
    return None
