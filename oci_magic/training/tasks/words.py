"""Open vocabulary: names of columns, tables, files and values, real words and invented ones.

`held(text)` splits words, compositions and what is outside: a tenth is only in the held-out score.
"""

from __future__ import annotations

import builtins
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
LEXICON = tuple(
    """account action activity address advert agency airline airport amount analysis animal answer
    apartment area arrival article asset attendance audience author average award bakery balance
    bank barrel basket battery beach bedroom benefit beverage bicycle birth block boat body bonus
    border bottle branch bread breakfast bridge bucket builder building burger business butter
    button cabin calendar camera campaign canal capacity capital carbon card career carrier cargo
    cash castle catalog cattle ceiling cement census centre century certificate chain chamber
    channel chapter charge chart cheese chemist chicken church cinema circle citizen claim cleaner
    client climate clinic clothing cluster coach coast coffee collar collection colony comfort
    commerce committee community company compound computer condition conference contract control
    cooking copper corner cotton council counter course cover credit crew crime crop crystal
    culture currency curve customer cycle dairy damage dealer death debt decade decision defect
    degree delay delivery demand density dentist deposit desert design detail device dialogue
    diamond digit dinner diploma direction discovery disease display district doctor dollar domain
    donor double draft drawer driver drought dust duty early earning earth edition effect effort
    election element engine engineer entrance entry envelope episode equipment estate event
    evidence exam exchange exhibit exit expense export fabric factory failure family farm fashion
    father feature fee female festival fever field figure film filter finance finger fire firm
    fish flavour fleet flight flood flour flower folder food force foreign forest format formula
    fraction frame freight frequency friend fruit fund furniture future gain galaxy gallery garden
    garlic gas gate gauge gender general giant glass global glove government graduate grain gram
    grant grape grass ground growth guest guide habit hall hammer harbour hardware harvest head
    health hearing heat height helmet herb hill history holiday honey horizon hospital host hotel
    hour house household hunter ice illness image impact import inch index industry injury insect
    inspection institute insurance interest internal interval invoice iron island issue item
    jacket journal journey judge juice junction kernel kettle keyboard kidney kilometre kingdom
    kitchen knife label labour ladder lake lamp land laser launch law layer leader league leather
    lecture legend lemon length lesson letter library licence light limit linear liquid list
    liver local lock logic lunch lung machine magazine magnet mail main maintenance major male
    manager manual margin marine mark market marriage master match material matrix meal meaning
    measure meat media medical melon member memory menu merchant message metal meter method
    migration milk mineral minister minute mirror mission mixture mobile model module moisture
    moment money monitor motion motor mountain mouse movement muscle museum mushroom music name
    nation nature navy neck needle nerve network nickel night noise normal north nose notebook
    novel number nurse nutrient oak object ocean office olive onion opening opera operation opinion
    orange orbit orchard organ origin outcome output oven owner oxygen package painter palace panel
    paper parcel parent park parking partner party passage passport path patient pattern payment
    peak pension pepper percent perfume period permit person phase phone photo physics piano
    picture pilot pipe planet plant plastic plate platform player pocket poem point police pollen
    pool port potato pottery power premium presence prison prize problem process producer profile
    program project property protein province pump pupil purchase quality quantum quarter query
    rabbit radar radio railway random range rapid ratio reaction reader reason receipt recipe
    record refund regular relation release rent repair reply report request reserve resident
    residual resource response restaurant result return reward rhythm rice river road robot rocket
    role roof root route rubber runner rural safety sailor salad salt sample sand satellite sauce
    school science screen season seat second secret section sector security seed sensor sentence
    serial server service session shade shape share sheep sheet shelf shelter ship shirt shoe shop
    shoulder signal silk silver singer single site size skill skin sleep slope smoke snow soap
    society sodium software soil solar soldier solution sound source south space speaker spectrum
    speech speed sphere spice spin sport spring square stadium staff stage standard star start
    statement station steam steel stem stone storage storm story stream street strength stress
    stroke student studio subject suburb sugar suit sulphur summer supply surface surgery survey
    symbol symptom system target task taxi teacher temple tenant tennis terminal territory text
    theatre theory thesis ticket timber tissue title tobacco tomato tongue tool tooth topic total
    tourist tower toxic toy track trade traffic train transfer transport travel treaty tree trend
    trial tribe trip truck trust tube tunnel turbine turnover tutor union unit universe update
    urban usage user utility vaccine valley value valve vehicle velocity vendor venue version
    vessel victim video village vineyard violin virus vision visitor vitamin voice volcano volume
    voter voyage wage wagon wall warning waste watch water wealth weapon weather wedding week
    weight welfare wheat wheel width wife window wine winner winter wire witness wood wool worker
    workshop world writer yard year youth zone
    Abfahrt Abteil Anbau Ankunft Anteil Arbeit Ausgabe Bahnhof Baujahr Beruf Besuch Betrieb Bezirk
    Boden Breite Dichte Druck Einkauf Ergebnis Ernte Fahrzeug Fehler Feuchte Firma Flughafen
    Gebiet Gemeinde Gericht Geschwindigkeit Gesellschaft Gewässer Haushalt Kapazität Kennzahl
    Kosten Krankheit Kurs Leistung Lieferung Mannschaft Maschine Mitglied Monat Nummer Ort Prüfung
    Quelle Rechnung Reihe Richtung Schüler Spannung Stärke Strecke Umfang Verbrauch Verkauf
    Versicherung Vertrag Wachstum Währung Werk Zahlung Zeitraum Zustand
    adresse aliment année auteur bateau bâtiment chemin commune compte couleur école entreprise
    fleuve hauteur journée langue maison marché naissance niveau numéro pièce rivière santé semaine
    société température vitesse voiture almacén barrio calle cantidad cliente edificio empresa
    escuela fábrica ganancia jugador mercado población provincia pueblo temporada tienda venta
    altezza azienda cliente numero paese quantità spesa stato uscita valore""".split()
)
UNIT_SUFFIXES = (" (km)", " (m)", " (kg)", " (EUR)", " (%)", " [km2]", " in m", " (USD)", " (cm)")
_USUAL = frozenset("pd np plt sns os re quit".split())
_ONSETS = "b c d f g h j k l m n p r s t v w z br cr dr fl gr kl pl qu sch sh st tr th zw".split()
_NUCLEI = "a e i o u a e i o u ai au ei ia io ou y ä ö ü".split()
_LETTERS = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODAS = "b d f g k l m n p r s t x z ck nd ng nt rk rm st tz".split()


def held(text: str) -> bool:
    """True for the tenth of texts that training never shows."""
    return zlib.crc32(text.encode()) % 10 == 3


def is_free(name: str) -> bool:
    """Whether a variable may be called so and hides nothing."""
    taken = keyword.iskeyword(name) or hasattr(builtins, name) or name in _USUAL
    return name.isidentifier() and not taken


class Words:
    """Draws names: `held_out` words only (mixed with invented ones), or the training side."""

    def __init__(self, rng: Random, *, held_out: bool) -> None:
        self.rng = rng
        self.held_out = held_out
        self._few = "" if held_out or rng.random() < 0.5 else str(rng.random())

    def pick(self, options: Sequence[str]) -> str:
        """One of `options` from this side of the split (any, where the side is empty).

        Half of training's notebooks know a tenth of it, as few as the held-out ones do: only where
        names resemble one another do they have to be copied to the last letter.
        """
        side = [option for option in options if held(option) == self.held_out]
        if self._few:
            side = [option for option in side if held(self._few + option)] or side
        return self.rng.choice(side or list(options))

    def invented(self) -> str:
        """A word that nobody has learned: two real ones in one, syllables, letters as they fall."""
        roll = self.rng.random()
        if roll < 0.65:
            return self._blend()
        if roll < 0.72:
            letters = self.rng.choices(_LETTERS, k=self.rng.randint(2, 8))
            return "".join(letters)
        count = self.rng.choice((1, 2, 2, 2, 3))
        return "".join(self._syllable() for _ in range(count)) + self._coda()

    def column(self, pool: Sequence[str]) -> str:
        """A column name: a real one in its own style, or an invented one in a random style.

        Half invented: a model that can guess names does not learn to copy them.
        """
        roll = self.rng.random()
        if roll < 0.24:
            name = self.pick(pool)
        elif roll < 0.40:
            name = self._pair((*pool, *LEXICON))
        elif roll < 0.46:
            number = self.rng.choice((self.rng.randint(1, 12), self.rng.randint(1990, 2030)))
            name = f"{self.pick((*pool, *LEXICON))}_{number}"
        elif roll < 0.54:
            name = self.pick(LEXICON)
        else:
            name = self._styled_invention()
        if self.rng.random() < 0.05:
            name += self.rng.choice(UNIT_SUFFIXES)
        return self._cased(name)

    def variable(self) -> str:
        """The name of a table in the notebook, invented."""
        name = self.invented().lower()
        return name if is_free(name) else f"{name}_df"

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
            number = str(self.rng.choice((self.rng.randint(1, 12), self.rng.randint(1990, 2030))))
            tail = self.rng.choice((number, self.pick(FILES), "final", "v2"))
            stem = f"{stem}{self.rng.choice('_-_')}{tail}"
        if self.rng.random() < 0.15:
            stem = stem.capitalize()
        folders = ["data/", "input/", "files/"]
        if not self.held_out:
            folders += 3 * [f"{self.pick(FILES)}/"]  # which may be the file's name too
        folder = self.rng.choice(folders) if self.rng.random() < 0.08 else ""
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

    def _blend(self) -> str:
        """The head of one real word and the tail of another: pieces of every kind in new words.

        Words made of the same few syllables left most pieces of real words untrained.
        """
        head, tail = self.pick(LEXICON), self.pick(LEXICON)
        word = head[: self.rng.randint(2, 6)] + tail[-self.rng.randint(2, 5) :]
        return word if self.rng.random() < 0.2 else word.lower()

    def _styled_invention(self) -> str:
        parts = [self.invented() for _ in range(self.rng.choice((1, 1, 1, 2)))]
        if self.rng.random() < 0.15:
            parts.append(str(self.rng.randint(1, 99)))
        return self.rng.choice(("_", "_", "_", " ", " ", "", "-", ".")).join(parts)

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
