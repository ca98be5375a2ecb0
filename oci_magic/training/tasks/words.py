"""Open vocabulary: names of columns, tables, files and values, real words and invented ones.

`held(text)` splits words and wordings: a tenth is seen only in the held-out score.
"""

from __future__ import annotations

import keyword
import zlib
from collections.abc import Sequence
from random import Random

NUMBERS = tuple(
    """price amount revenue sales cost profit salary score weight height width length area volume
    population temperature rainfall speed distance duration rating discount tax income budget
    balance depth pressure humidity energy power mass radius density elevation yield fare rate
    Umsatz Preis Menge Kosten Gewinn Fläche Einwohner Gehalt Gewicht Höhe Länge Breite Alter Punkte
    Temperatur Niederschlag Entfernung Dauer Wert Betrag Anteil Note prix poids taille montant
    precio ventas peso altura edad unit_price total_cost net_income page_views response_time
    body_mass flipper_length bill_depth life_expectancy gdp gdp_per_capita co2 emissions
    market_value wind_speed heart_rate blood_pressure cholesterol glucose bmi test_score
    credit_limit Total Unit_Price Net_Weight Area_km2 Height_m Mass_kg Diameter_km Gravity PM10 NO2
    max_temp min_temp avg_price bid ask margin churn clicks impressions conversions runtime
    horsepower mpg displacement acceleration calories protein sugar fat sodium fibre
    magnitude wavelength voltage current resistance concentration absorbance yield_kg""".split()
)
INTEGERS = tuple(
    """quantity count units year age rooms visits orders items students employees goals points
    floors seats pages votes stock children bedrooms passengers Anzahl Jahr Stück Landkreise
    Plätze Stockwerke Medaillen wins losses moons steps matches Rank Floors Gold Silver Bronze
    n_items n_visits num_orders likes followers downloads attempts copies sessions""".split()
)
CATEGORIES = tuple(
    """region city country category product department gender species island color colour type
    status brand team store segment continent grade class sector genre channel language group
    Region Stadt Land Kategorie Produkt Abteilung Marke Farbe Art Klasse Gruppe Filiale Hauptstadt
    Bundesland pays ville tipo ciudad customer_type payment_method product_line ship_mode job_title
    sample_type treatment platform browser device diet habitat state county district position
    division plan level shift supplier warehouse State Country Type Category Department Team
    manufacturer model fuel origin cuisine material season station""".split()
)
TEXTS = tuple(
    """name title comment description address email customer author company note label code
    Name Titel Firma Kunde Bezeichnung Beschreibung nom nombre full_name first_name last_name
    product_name street director player movie song book patient student_name Name_full
    institution Building Planet Mountain River Artist Actor""".split()
)
DATES = tuple(
    """date day order_date created_at timestamp start_date end_date birthday hired ship_date
    Datum Bestelldatum Geburtstag Tag fecha date_of_birth opened updated visit_date release_date
    Date Order_Date launch_date measured_on due sale_date Lieferdatum""".split()
)
KEYS = tuple(
    """id customer_id product_id order_id code sku key ID Nr Kundennummer user_id store_id
    student_id emp_id station_id isbn zip country_code ref uid""".split()
)
VALUES = tuple(
    """North South East West Berlin Hamburg München Paris London Rome Madrid Oslo red green blue
    yellow black white small medium large open closed pending active inactive gold silver bronze
    Adelie Gentoo Chinstrap Biscoe Dream Apple Banana Cherry Laptop Phone Tablet Desk Chair Lamp
    A B C D basic premium pro free cash card online retail Sales Marketing Finance HR IT Support
    Bayern Sachsen Hessen Thüringen Asia Europe Africa America male female yes no low mid high
    dog cat horse Toyota Ford BMW Honda Kia diesel petrol electric drama comedy action jazz rock
    pop monday friday spring summer autumn winter""".split()
)
FILES = tuple(
    """sales data orders customers products penguins weather students employees cities countries
    inventory transactions survey results measurements movies books flights planets umsatz kunden
    bestellungen messwerte daten stationen export report records log test sample housing energy
    emissions population scores grades visits prices stocks cars animals bundeslaender mountains
    olympics rivers buildings medals experiment patients trips sensors budget""".split()
)
TABLES = tuple(
    """df df df df df df data sales orders customers table frame tbl df2 penguins weather stores
    people cities df_sales umsatz raw products items students""".split()
)
UNIT_SUFFIXES = (" (km)", " (m)", " (kg)", " (EUR)", " (%)", " [km2]", " in m", " (USD)", " (cm)")
_ONSETS = "b c d f g h j k l m n p r s t v w z br cr dr fl gr kl pl qu sch sh st tr th zw".split()
_NUCLEI = "a e i o u a e i o u ai au ei ia io ou y ä ö ü".split()
_LETTERS = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODAS = "b d f g k l m n p r s t x z ck nd ng nt rk rm st tz".split()


def held(text: str) -> bool:
    """True for the tenth of words and wordings that training never shows."""
    return zlib.crc32(text.encode()) % 10 == 3


class Words:
    """Draws names: `held_out` words only (mixed with invented ones), or the training side."""

    def __init__(self, rng: Random, *, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out

    def pick(self, options: Sequence[str]) -> str:
        """One of `options` from this side of the split (any, where the side is empty)."""
        side = [option for option in options if held(option) == self.held_out]
        return self.rng.choice(side or list(options))

    def invented(self) -> str:
        """A word that nobody has learned: pronounceable, or letters as they fall."""
        if self.rng.random() < 0.15:
            letters = self.rng.choices(_LETTERS, k=self.rng.randint(2, 8))
            return "".join(letters)
        count = self.rng.choice((1, 2, 2, 2, 3))
        return "".join(self._syllable() for _ in range(count)) + self._coda()

    def column(self, pool: Sequence[str]) -> str:
        """A column name: a real one in its own style, or an invented one in a random style.

        Nearly half invented: a model that can guess names does not learn to copy them.
        """
        roll = self.rng.random()
        if roll < 0.35:
            name = self.pick(pool)
        elif roll < 0.48:
            name = self._pair(pool)
        elif roll < 0.54:
            name = f"{self.pick(pool)}_{self.rng.randint(1, 2030)}"
        else:
            name = self._styled_invention()
        if self.rng.random() < 0.05:
            name += self.rng.choice(UNIT_SUFFIXES)
        return self._cased(name)

    def variable(self) -> str:
        """The name of a table in the notebook, invented."""
        name = self.invented().lower()
        return name if name.isidentifier() and not keyword.iskeyword(name) else f"{name}_df"

    def value(self) -> str:
        """A text value of a category."""
        roll = self.rng.random()
        if roll < 0.3:
            return self.pick(VALUES)
        if roll < 0.5:
            return f"{self.pick(VALUES)} {self.invented().capitalize()}"
        name = self.invented()
        return name.capitalize() if self.rng.random() < 0.6 else name

    def file(self, suffix: str) -> str:
        roll = self.rng.random()
        stem = self.pick(FILES) if roll < 0.3 else self.invented()
        if self.rng.random() < 0.3:
            number = str(self.rng.randint(1, 2030))
            tail = self.rng.choice((number, self.pick(FILES), "final", "v2"))
            stem = f"{stem}{self.rng.choice('_-_')}{tail}"
        if self.rng.random() < 0.15:
            stem = stem.capitalize()
        folder = self.rng.choice(("data/", "input/", "files/")) if self.rng.random() < 0.08 else ""
        return f"{folder}{stem}{suffix}"

    def number(self, low: float, high: float, *, whole: bool) -> str:
        """A round-looking number between low and high, as one types it."""
        if whole:
            return str(self.rng.randint(int(low), max(int(low), int(high))))
        value = self.rng.uniform(low, high)
        digits = self.rng.choice((0, 0, 0, 1, 1, 2))
        return f"{value:.{digits}f}"

    def _pair(self, pool: Sequence[str]) -> str:
        """Two words of `pool`: never the same one twice, which no column is called."""
        first, second = self.pick(pool), self.pick(pool)
        if first.casefold() in second.casefold() or second.casefold() in first.casefold():
            return first
        return f"{first}{self.rng.choice(('_', ' ', ' ', ''))}{second}"

    def _styled_invention(self) -> str:
        parts = [self.invented() for _ in range(self.rng.choice((1, 1, 1, 2)))]
        if self.rng.random() < 0.15:
            parts.append(str(self.rng.randint(1, 99)))
        return self.rng.choice(("_", "_", " ", "", "-", ".")).join(parts)

    def _cased(self, name: str) -> str:
        roll = self.rng.random()
        if roll < 0.62:
            return name
        if roll < 0.80:
            return name[:1].upper() + name[1:]
        if roll < 0.88:
            return name.title()
        return name.upper() if roll < 0.95 else name.lower()

    def _syllable(self) -> str:
        return self.rng.choice(_ONSETS) + self.rng.choice(_NUCLEI)

    def _coda(self) -> str:
        return self.rng.choice(_CODAS) if self.rng.random() < 0.6 else ""
