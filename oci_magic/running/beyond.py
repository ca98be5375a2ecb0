"""Effects beyond files: the network, and stored objects that bring code with them.

Covers what a call says by its name or its address. Libraries that go to the network by
themselves are known by name; others are not seen.
"""

from __future__ import annotations

import ast
import re
from typing import Literal

from .calls import literal, passed
from .names import Names
from .origins import origins
from .paths import Paths

Beyond = Literal["network", "deserialise"]

_NETWORK = re.compile(
    r"(requests|httpx|aiohttp|urllib3|paramiko|boto3|botocore|ftplib|smtplib|imaplib|poplib|telnetlib"
    r"|nntplib|xmlrpc|websockets?|http\.client|urllib\.request|yfinance|wget|gdown|kagglehub|openai"
    r"|anthropic|pandas_datareader|huggingface_hub|feedparser|tweepy|praw|gspread|pymongo|redis"
    r"|mysql\.connector|oracledb|cx_Oracle|asyncpg|ucimlrepo|kaggle|pandas_gbq|osmnx|openml|pooch"
    r"|tensorflow_datasets|selenium|playwright|pysftp|asyncssh|pycurl|wandb|geopy\.geocoders"
    r"|gensim\.downloader|http\.server|socketserver"
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
    r"|(tensorflow\.)?keras\.(models|saving)\.load_model|pandas\.read_pickle|sklearn\.externals\.joblib\.load"
    r"|yaml\.(unsafe_load|full_load|unsafe_load_all|full_load_all)|torch\.hub\.load"
)
_MAX_DEPTH = 12
_METHODS_NETWORK = frozenset(("from_pretrained", "push_to_hub", "urlopen", "to_gbq"))
_TRAINED = re.compile(r"(torchvision\.models|(tensorflow\.)?keras\.applications)\.(\w+\.)*\w+")


def beyond(call: ast.Call, names: Names, paths: Paths) -> tuple[Beyond, str] | None:
    """What the call reaches beyond the notebook's files, and in few words how."""
    name = names.dotted(call.func)
    attr = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if _brings_code(call, name):
        return "deserialise", name or attr
    if (name and _NETWORK.fullmatch(name)) or attr in _METHODS_NETWORK:
        return "network", name or attr
    if name and _TRAINED.fullmatch(name) and _is_given(call, "weights", "pretrained"):
        return "network", name
    if _is_get_of_a_dict(call, attr, names):
        return None
    if _READS_ADDRESSES.fullmatch(name or attr) and (address := _address(call, names, paths)):
        return "network", f"{name or attr} {address[:60]}"
    return None


def _brings_code(call: ast.Call, name: str) -> bool:
    """Whether what is loaded may run code of its own."""
    if (name and _LOADS_CODE.fullmatch(name)) or _is_true(passed(call, 99, "trust_remote_code")):
        return True
    if name == "torch.load":
        return not _is_true(passed(call, 99, "weights_only"))
    if name == "shelve.open":
        return literal(passed(call, 1, "flag")) != "n"
    if name == "numpy.load":
        return _is_true(passed(call, 2, "allow_pickle"))
    if name in ("yaml.load", "yaml.load_all"):
        loader = passed(call, 1, "Loader")
        return loader is None or "Safe" not in ast.unparse(loader)
    return False


def _is_get_of_a_dict(call: ast.Call, attr: str, names: Names) -> bool:
    """`table.get("https://…")`, `cache.get("https://…", 0)`"""
    if attr != "get" or not isinstance(call.func, ast.Attribute):
        return False
    with_default = len(call.args) == 2 and isinstance(call.args[1], ast.Constant)
    return with_default or origins(call.func.value, names) <= {"dict"}


def _is_given(call: ast.Call, *options: str) -> bool:
    """Whether an option is switched on: neither left out, nor None or False."""
    value = passed(call, 99, *options)
    return value is not None and not (isinstance(value, ast.Constant) and not value.value)


def _is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _address(call: ast.Call, names: Names, paths: Paths) -> str:
    """The first argument that is an address, as far as constants tell."""
    for given in (*call.args, *(keyword.value for keyword in call.keywords)):
        start = _start(given, names, paths)
        if _ADDRESS.match(start):
            return start
    return ""


def _start(node: ast.expr | None, names: Names, paths: Paths, depth: int = 0) -> str:
    """How a text begins; its end may be computed."""
    texts = paths.texts(node) if depth < _MAX_DEPTH else None
    if texts:
        return sorted(texts)[0]
    firsts: list[ast.expr | None] = []
    match node:
        case ast.JoinedStr(values=[first, *_]):
            firsts = [first]
        case (
            ast.FormattedValue(value=first)
            | ast.BinOp(op=ast.Add() | ast.Mod(), left=first)
            | ast.Call(func=ast.Attribute(value=first, attr="format"))
        ):
            firsts = [first]
        case ast.Name(id=name) if depth < _MAX_DEPTH:
            firsts = names.bound.get(name, [])
    return next((text for each in firsts if (text := _start(each, names, paths, depth + 1))), "")
