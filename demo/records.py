# SPDX-License-Identifier: Apache-2.0
"""What the documents hold, said once: every format reads and writes these classes."""

import datetime

from quire import Record, field


class City(Record):
    id: int = field(name="geonameid")
    name: str
    latitude: float
    longitude: float
    country: str = field(name="countrycode")
    population: int
    timezone: str
    region: str = field(name="admin1code")
    other_names: list[str] = field(name="alternatenames")


class Car(Record):
    """A car whose figures are all known: a row without mileage or horsepower is not one."""

    name: str = field(name="Name")
    miles_per_gallon: float = field(name="Miles_per_Gallon")
    cylinders: int = field(name="Cylinders")
    displacement: float = field(name="Displacement")
    horsepower: float = field(name="Horsepower")
    weight: int = field(name="Weight_in_lbs")
    acceleration: float = field(name="Acceleration")
    year: datetime.date = field(name="Year")
    origin: str = field(name="Origin")


class Emoji(Record, omit="default"):
    name: str = field(name="en")
    status: int
    since: float = field(name="E")
    aliases: list[str] = field(name="alias", default_factory=list)
    variant: bool = False


Cities = dict[str, City]
Emojis = dict[str, Emoji]
EmojiNames = dict[str, dict[str, str]]
