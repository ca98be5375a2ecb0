"""Effects beyond files: the network, and stored objects that bring code with them.

Covers what a call says by its name or its address. Libraries that go to the network by
themselves are known by name; others are not seen.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Literal

from .calls import literal, passed, passed_or_hidden
from .live import home_of
from .names import Names
from .origins import origins
from .paths import Paths
from .patterns import beginning

Beyond = Literal["network", "deserialise", "dynamic"]

_NETWORK = re.compile(
    r"(requests|httpx|aiohttp|urllib3|paramiko|boto3|botocore|ftplib|smtplib|imaplib|poplib|telnetlib"
    r"|nntplib|xmlrpc|websockets?|http\.client|urllib\.request|yfinance|wget|gdown|kagglehub|openai"
    r"|anthropic|pandas_datareader|huggingface_hub|feedparser|tweepy|praw|gspread|pymongo|redis"
    r"|mysql\.connector|oracledb|cx_Oracle|asyncpg|ucimlrepo|kaggle|pandas_gbq|osmnx|openml|pooch"
    r"|tensorflow_datasets|selenium|playwright|pysftp|asyncssh|pycurl|wandb|geopy\.geocoders"
    r"|gensim\.downloader|http\.server|socketserver|quandl|nasdaqdatalink|wikipedia|ccxt"
    r"|psycopg2?|pymysql|MySQLdb|pyodbc|snowflake|google\.cloud|azure|s3fs|gcsfs|fsspec\.filesystem)\..+"
    r"|socket\.(socket|create_connection|create_server|getaddrinfo|gethostby\w+)"
    r"|asyncio\.(open_connection|start_server)|sklearn\.datasets\.fetch_\w+"
    r"|seaborn\.(load_dataset|get_dataset_names)|datasets\.load_dataset|torch\.hub\.\w+"
    r"|nltk\.download|spacy\.cli\.download|\w*(torchvision|torchaudio)\.datasets\.\w+"
    r"|keras\.datasets\.\w+\.load_data|tensorflow\.keras\.datasets\.\w+\.load_data"
    r"|git\.Repo\.clone_from|(tensorflow\.)?keras\.utils\.get_file"
    r"|sentence_transformers\.SentenceTransformer|statsmodels\.(\w+\.)*get_rdataset|(\w+\.)*from_pretrained|transformers\.pipeline"
)
_READS_ADDRESSES = re.compile(
    r"(.*\.)?(read_\w+|scan_\w+|load\w*|imread|genfromtxt|open_\w+|urlopen|urlretrieve|create_engine"
    r"|connect|json_normalize|read_html|to_\w+|Request|download\w*|fetch\w*|get)"
)
_ADDRESS = re.compile(r"(?!sqlite|duckdb|file)[a-z][a-z0-9+]*://\S+")
_LOADS_CODE = re.compile(
    r"(pickle|_pickle|cPickle|cloudpickle|dill|joblib|marshal|jsonpickle)\.(loads?|decode|Unpickler)"
    r"|dill\.(\w+\.)?load_(session|module)"
    r"|(tensorflow\.)?keras\.(models|saving)\.load_model|pandas\.read_pickle|sklearn\.externals\.joblib\.load"
    r"|yaml\.(unsafe_load|full_load|unsafe_load_all|full_load_all)|torch\.hub\.load"
)
_HTML = re.compile(r"(IPython\.(core\.)?display\.)?HTML")
_METHODS_NETWORK = frozenset(("from_pretrained", "push_to_hub", "urlopen", "to_gbq"))
_TRAINED = re.compile(
    r"timm\.create_model|(torchvision\.models|(tensorflow\.)?keras\.applications)\.(\w+\.)*\w+"
)


def beyond(call: ast.Call, names: Names, paths: Paths) -> tuple[Beyond, str] | None:
    """What the call reaches beyond the notebook's files, and in few words how."""
    name = names.dotted(call.func)
    attr = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if _brings_code(call, name, names):
        return "deserialise", name or attr
    if _HTML.fullmatch(name) and any("<script" in part for part in _constants(call, names)):
        return "dynamic", f"{name} with a script"
    if attr == "launch" and _is_given(call, "share"):
        return "network", "launch with share"
    if (name and _NETWORK.fullmatch(name)) or attr in _METHODS_NETWORK:
        return "network", name or attr
    if name and _TRAINED.fullmatch(name) and _is_given(call, "weights", "pretrained"):
        return "network", name
    if _is_get_of_data(call, attr, names):
        return None
    if _READS_ADDRESSES.fullmatch(name or attr) and (address := _address(call, names, paths)):
        return "network", f"{name or attr} {address[:60]}"
    return None


def _brings_code(call: ast.Call, name: str, names: Names) -> bool:
    """Whether what is loaded may run code of its own."""
    if (name and _LOADS_CODE.fullmatch(name)) or _may_be_true(
        passed(call, 99, "trust_remote_code"), names
    ):
        return True
    if name == "torch.load":
        return not _is_true(passed(call, 99, "weights_only"))
    if name == "shelve.open":
        return literal(passed(call, 1, "flag")) != "n"
    if name == "numpy.load":
        return _may_be_true(passed_or_hidden(call, 2, "allow_pickle"), names)
    if name in ("yaml.load", "yaml.load_all"):
        loader = passed(call, 1, "Loader")
        return loader is None or "Safe" not in ast.unparse(loader)
    return False


def _is_get_of_data(call: ast.Call, attr: str, names: Names) -> bool:
    """`table.get("https://…")`, `cache.get("https://…", 0)`; not of what may be a session."""
    if attr != "get" or not isinstance(call.func, ast.Attribute):
        return False
    if len(call.args) == 2 and isinstance(call.args[1], ast.Constant):
        return True
    value = call.func.value
    if not isinstance(value, ast.Name):
        return True  # what it is made of is judged by itself
    made = names.bound.get(value.id, [])
    if value.id in names.looped:
        return True
    if made:
        return None not in made and not any(map(_NETWORK.fullmatch, origins(value, names)))
    live = names.live(value.id)
    return live is not None and not _NETWORK.fullmatch(f"{home_of(live)}.get")


def _is_given(call: ast.Call, *options: str) -> bool:
    """Whether an option is switched on: neither left out, nor None or False."""
    value = passed(call, 99, *options)
    return value is not None and not (isinstance(value, ast.Constant) and not value.value)


def _may_be_true(node: ast.expr | None, names: Names) -> bool:
    """Whether an option that is off by default may be switched on."""
    match node and names.of_name(node):
        case None | ast.Constant(value=False | None | 0):
            return False
    return True


def _constants(call: ast.Call, names: Names) -> Iterator[str]:
    """The constant texts in a call's arguments, and in what their names stand for."""
    for given in call.args:
        yield from (literal(part).lower() for part in ast.walk(names.of_name(given)))


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _address(call: ast.Call, names: Names, paths: Paths) -> str:
    """The first argument that is an address, as far as constants tell."""
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        start = beginning(given, names, paths)
        if _ADDRESS.match(start):
            return start
    return ""
