"""Code that is held, code that must never be held, and what the person reads about it."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oci_magic.running.effects import effects_line
from oci_magic.running.review import Reviewer, review
from oci_magic.types import Cell, Effect


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("old.csv", "old.xlsx", "old.npy", "old.png", "notes.txt"):
        (tmp_path / name).write_text("kept")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "old.csv").write_text("kept")
    return tmp_path


HELD = {
    "network": [
        "df.to_csv('s3://bucket/x.csv')",
        "import requests\nrequests.get('https://x.org')",
        "import requests as r\nwith r.Session() as s: s.get(u)",
        "base = 'https://x.org/'\npd.read_csv(base + name)",
        "pd.read_csv('https://x.org/{}.csv'.format(year))",
        "url = f'https://x.org/{year}.csv'\ndf = pd.read_csv(url)",
        "from urllib.request import urlopen as get\nget('http://x.org').read()",
        "import seaborn as sns\nsns.load_dataset('tips')",
        "import socket\nsocket.create_connection(('x', 1))",
        "model.push_to_hub('me/x')",
    ],
    "deserialise": [
        "import pickle\npickle.load(open('a.pkl', 'rb'))",
        "import pickle as p\np.loads(raw)",
        "from joblib import load\nload('a')",
        "pd.read_pickle('a.pkl')",
        "import torch\ntorch.load('a.pt')",
        "np.load('a.npy', allow_pickle=True)",
        "import yaml\nyaml.load(text)",
        "AutoModel.from_pretrained('a', trust_remote_code=True)",
    ],
    "delete": [
        "import sqlite3\nc = sqlite3.connect('a.db')\nc.execute('DROP TABLE t')",
        "con.execute('delete from t where x = 1')",
        "con.execute('drop table \"t\"; select 1')",
        "fs.delete_dir('a')",
        "import os\nos.remove('old.csv')",
        "os.unlink('x')",
        "import os as o\no.rmdir('x')",
        "from os import remove as gone\ngone('x')",
        "from os import *\nremove('x')",
        "import os\nrm = os.remove\nrm('x')",
        "import os\no = os\no.removedirs('x')",
        "import os\nlist(map(os.remove, files))",
        "df['file'].apply(os.remove)",
        "from shutil import rmtree\nrmtree('data')",
        "import shutil\nshutil.rmtree('data', ignore_errors=True)",
        "rmtree('data')",
        "from pathlib import Path\nPath('old.csv').unlink()",
        "for p in Path('.').glob('*.csv'):\n    p.unlink(missing_ok=True)",
        "import pathlib\nlist(map(pathlib.Path.unlink, files))",
        "folder.rmdir()",
        "getattr(os, 'remove')('x')",
        "import importlib\nimportlib.import_module('os').remove('x')",
        "import sys\nsys.modules['os'].remove('x')",
        "import builtins\ngetattr(os, 'unlink')('x')",
        "%rm old.csv",
        "get_ipython().magic('rm old.csv')",
        "get_ipython().run_line_magic('rm', line='old.csv')",
        "rm old.csv",
        "%%time\nos.remove('old.csv')",
        "%timeit -n 1 -r 1 os.remove('old.csv')",
        "def clean():\n    if True:\n        import os as q\n        q.remove('x')",
        "try:\n    pass\nfinally:\n    os.remove('x')",
    ],
    "overwrite": [
        "os.rename('old.csv', 'new.csv')",
        "os.replace('a', 'b')",
        "os.truncate('old.csv', 0)",
        "import shutil\nshutil.move('old.csv', 'new.csv')",
        "shutil.copy('notes.txt', 'old.csv')",
        "shutil.copy('old.csv', 'data')",
        "shutil.copytree('x', 'data')",
        "Path('old.csv').rename('new.csv')",
        "p = Path('data') / 'old.csv'\np.replace('x.csv')",
        "for p in sorted(Path('.').glob('*.csv')):\n    p.rename(p.with_suffix('.txt'))",
        "files = sorted(Path('.').glob('*.csv'))\nfor p in files:\n    p.rename(f'{p}.bak')",
        "files = [Path(n) for n in names]\n[p.rename('x') for p in files[1:]]",
        "for i, p in enumerate(Path('.').iterdir()):\n    p.rename(f'{i}.csv')",
        "for p, n in zip(map(Path, names), 'ab'):\n    p.replace(n)",
        "files = [Path('a')]\nfiles[0].rename('b')",
        "list(map(Path.rename, files, names))",
        "class A:\n    def make(self): self.p = Path('a')\n    def go(self): self.p.rename('x')",
        "Path('notes.txt').write_text('gone')",
        "out = Path('data') / 'old.csv'\nout.write_bytes(b'')",
        "Path('notes.txt').open('w')",
        "open('notes.txt', 'w')",
        "open('notes.txt', mode='a')",
        "with open('notes.txt', 'r+') as f:\n    f.write('x')",
        "open(name, 'w')",
        "open('notes.txt', mode)",
        "import io\nio.open('notes.txt', 'wb')",
        "os.open('notes.txt', os.O_WRONLY | os.O_TRUNC)",
        "import gzip\ngzip.open('notes.txt', 'wt')",
        "import zipfile\nzipfile.ZipFile('notes.txt', 'w')",
        "zipfile.ZipFile('a.zip').extractall()",
        "zipfile.ZipFile('a.zip').extractall('data')",
        "df.to_csv('old.csv')",
        "df.to_csv(path_or_buf='old.csv', index=False)",
        "df.to_csv('./data/../old.csv')",
        "df.to_csv('/etc/x.csv')",
        "df.to_csv('../x.csv')",
        "df.to_csv('~/x.csv')",
        "df.to_csv(target)",
        "df.to_csv(f'{name}.csv')",
        "name = 'old'\ndf.to_csv(f'{name}.csv')",
        "for name in ['new', 'old']:\n    df.to_csv(name + '.csv')",
        "for name, part in df.groupby('region'):\n    part.to_csv(f'{name}.csv')",
        "def save(df, path='new.csv'):\n    df.to_csv(path)\nsave(df, 'old.csv')",
        "df.to_excel('old.xlsx')",
        "with pd.ExcelWriter('old.xlsx') as writer:\n    df.to_excel(writer)",
        "df.to_json('notes.txt')",
        "df.to_sql('t', con, if_exists='replace')",
        "df.to_sql('t', con, None, 'replace')",
        "df.to_sql('t', con, if_exists=how)",
        "df.to_sql('t', con, None, 'append')",
        "import xlsxwriter\nbook = xlsxwriter.Workbook('old.xlsx')",
        "from xlsxwriter import Workbook\nwith Workbook(filename='old.xlsx') as book: pass",
        "import pyarrow.parquet as pq\npq.write_table(t, 'old.csv')",
        "import pyarrow.parquet\npyarrow.parquet.write_table(t, where='old.csv')",
        "from pyarrow import csv\ncsv.write_csv(t, 'old.csv')",
        "df.to_parquet(os.path.join('data', 'old.csv'))",
        "df.to_csv(Path.cwd() / 'old.csv')",
        "import numpy as np\nnp.save('old', a)",
        "np.savetxt('notes.txt', a)",
        "plt.savefig('old.png')",
        "fig.savefig('old', dpi=100)",
        "from matplotlib.pyplot import savefig\nsavefig('old.png')",
        "import json\njson.dump(x, open('notes.txt', 'w'))",
        "import joblib\njoblib.dump(model, 'notes.txt')",
        "image.save('old.png')",
        "os.chdir('data')\ndf.to_csv('new.csv')",
        "%cd data\ndf.to_csv('new.csv')",
        "%%writefile notes.txt\nhello",
        "%%writefile -a notes.txt\nhello",
        "%mv old.csv new.csv",
        "cp old.csv new.csv",
    ],
    "process": [
        "!ls",
        "files = !ls *.csv",
        "%sx ls",
        "%%bash\nrm -rf data",
        "%%sh\nls",
        "%%script bash\nls",
        "%ls -l; rm x",
        "import os\nos.system('ls')",
        "os.popen('ls').read()",
        "os.execv('/bin/ls', [])",
        "os.fork()",
        "import subprocess\nsubprocess.run(['ls'])",
        "import subprocess as sp\nsp.check_output('ls', shell=True)",
        "from subprocess import Popen, PIPE\nPopen('ls', stdout=PIPE)",
        "get_ipython().system('ls')",
        "ip = get_ipython()\nip.getoutput('ls')",
        "from IPython import get_ipython\nget_ipython().system('ls')",
        "from multiprocessing import Pool\nPool(2)",
        "import webbrowser\nwebbrowser.open('http://localhost')",
        "if True:\n    !ls",
    ],
    "install": [
        "%pip install pandas",
        "pip install pandas",
        "%pip uninstall -y pandas",
        "%conda install pandas",
        "%mamba install -y pandas",
        "import pip\npip.main(['install', 'x'])",
        "from pip._internal.cli.main import main\nmain(['install', 'x'])",
        "get_ipython().run_line_magic('pip', 'install x')",
    ],
    "exit": [
        "import sys\nsys.exit()",
        "from sys import exit as leave\nleave(1)",
        "exit()",
        "quit",
        "raise SystemExit(1)",
        "os._exit(1)",
        "os.kill(os.getpid(), 9)",
        "import signal\nsignal.raise_signal(signal.SIGINT)",
        "get_ipython().ask_exit()",
    ],
    "dynamic": [
        "eval('1 + 1')",
        "exec(code)",
        "import builtins\nbuiltins.exec(code)",
        "exec(compile(text, 'x', 'exec'))",
        "df['x'].apply(eval)",
        "__import__('os')",
        "getattr(os, name)('x')",
        "vars(os)['remove']('x')",
        "os.__dict__['remove']('x')",
        "__builtins__['eval']('1')",
        "import importlib\nimportlib.import_module(name)",
        "import runpy\nrunpy.run_path('x.py')",
        "import ctypes\nctypes.CDLL(None)",
        "get_ipython().run_cell('1')",
        "%run script.py",
        "get_ipython().run_line_magic(name, '')",
    ],
}

LET_THROUGH = [
    "",
    "# nothing",
    "import pandas as pd\ndf = pd.read_csv('old.csv', sep=';', encoding='latin-1')\ndf.head()",
    "df.describe()",
    "df['Umsatz'] = df['Umsatz'].str.replace('.', '').str.replace(',', '.').astype(float)",
    "df = df.rename(columns={'a': 'b'})\ndf = df.replace({'x': None})\ns = s.rename('total')",
    "df.columns = [c.strip().lower().replace(' ', '_') for c in df.columns]",
    "names.remove('x')\nitems.pop()\ndel items",
    "df.drop(columns=['a'], inplace=True)\ndel df['b']",
    "df.eval('c = a + b')\ndf.query('a > 1')\npd.eval('1 + 1')",
    "import re\npattern = re.compile('x')",
    "from re import compile\ncompile('x')",
    "open, close = df['Open'], df['Close']\nexit = close - open\nexit.mean()",
    "with open('old.csv') as f:\n    print(f.readline())",
    "with open(name, encoding='latin-1') as f:\n    text = f.read()",
    "open(path, 'rb').read()",
    "with open('new.txt', 'w') as f:\n    f.write('x')",
    "Path('new.txt').write_text('x')",
    "text = Path(name).read_text()",
    "with Path('old.csv').open(encoding='utf-8') as f: pass",
    "out = Path('data')\nout.mkdir(exist_ok=True)\n(out / 'new.csv').write_text('x')",
    "import json\nwith open('new.json', 'w') as f:\n    json.dump(data, f)",
    "df.to_csv('new.csv', index=False)",
    "df.to_csv('data/new.csv')\ndf.to_csv(Path('data') / 'new2.csv')",
    "df.to_csv(path := 'new.csv')",
    "name = 'new'\nyear = 2024\ndf.to_csv(f'{name}_{year}.csv')",
    "for name in ('north', 'south'):\n    df[df.r == name].to_csv(f'{name}.csv')",
    "def save(df, path):\n    df.to_csv(path)\n\nsave(df, 'new.csv')\nsave(df, path='new2.csv')",
    "print(df.to_string())\nprint(df.to_markdown())\ndf.to_json(orient='records')\ndf.to_csv()",
    "df.to_csv(None)\ndf.to_html()\ndf.to_dict('records')\ndf.to_numpy()",
    "import io\nbuffer = io.StringIO()\ndf.info(buf=buffer)\ndf.to_csv(buffer)",
    "import sys\ndf.to_csv(sys.stdout)",
    "with open('new.csv', 'w') as f:\n    df.to_csv(f)",
    "with pd.ExcelWriter('new.xlsx') as w:\n    df.to_excel(w, sheet_name='a')",
    "import tempfile\nwith tempfile.TemporaryDirectory() as d:\n"
    "    df.to_csv(os.path.join(d, 'x'))",
    "import matplotlib.pyplot as plt\ndf.plot(kind='bar')\nplt.savefig('plot.png')\nplt.show()",
    "fig, ax = plt.subplots()\nax.hist(df['x'])\nfig.savefig('plot.pdf', bbox_inches='tight')",
    "from matplotlib.backends.backend_pdf import PdfPages\n"
    "with PdfPages('new.pdf') as pdf:\n    fig = plt.figure()\n    pdf.savefig(fig)",
    "np.save('new.npy', a)\nnp.savez('new.npz', a=a)",
    "import os\nos.listdir('.')\nos.path.exists('x')\nos.makedirs('out', exist_ok=True)",
    "import os\nos.getcwd()",
    "import glob\nfor f in glob.glob('*.csv'):\n    name = f.replace('.csv', '')\n    f.rename",
    "for p in Path('.').glob('*.csv'):\n    frames[p.stem] = pd.read_csv(p)",
    "import shutil\nshutil.copy('old.csv', 'copy.csv')\nshutil.copy('notes.txt', 'data')",
    "df['s'].str.extract('x')\ndf['s'].str.extractall('(x)')",
    "df.to_sql('t', con, index=False)",
    "import xlsxwriter\nxlsxwriter.Workbook('new.xlsx')",
    "import pyarrow.parquet as pq\npq.write_table(t, 'new.parquet')",
    "np.savez('new.npz', where=a)",
    "for i, name in enumerate(names):\n    names[i] = name.replace('a', 'b')",
    "try:\n    x = int('a')\nexcept SystemExit:\n    pass",
    "getattr(df, name)()\ngetattr(np, 'mean')(x)",
    "globals()['df_north'] = df",
    "import sys\nsys.version\nsys.stdout.write('x')\nimport subprocess\nsubprocess.PIPE",
    "signal = df['signal']\nsignal.alarm()",
    "import asyncio\nawait asyncio.sleep(0)",
    "%matplotlib inline\n%time df.sum()\n%timeit df.sum()\n%load_ext autoreload\n%ls\n%who",
    "%%time\ndf.groupby('a').sum()",
    "%%capture out\nprint(1)",
    "%%html\n<b>x</b>",
    "%%writefile new.py\nimport os; os.remove('x')",
    "%pip list\n%pip show pandas",
    "df.head?\n?df",
    "import torch\ntorch.load('a.pt', weights_only=True)",
    "np.load('a.npy')",
    "import yaml\nyaml.load(text, Loader=yaml.SafeLoader)",
    "print('see https://x.org')",
    "df['url'].str.startswith('https://')",
    "links = ['https://x.org']\nlen(links)",
    "from urllib.parse import urlparse\nurlparse('https://x.org')",
    "import requests",
    "con.execute('select * from t -- drop table t')",
    "import sqlite3\nc = sqlite3.connect(':memory:')\nc.cursor().execute('DELETE FROM t')",
    "for c in df.columns:\n    plt.savefig(f'plot_{c}.png')",
    "s = yaml.dump('notes.txt')\nsys.stdout.write('notes.txt')",
    "con.execute('SELECT * FROM t WHERE note = \"insert into\"')",
    "con = sqlite3.connect('fresh.db')\ndf.to_sql('t', con, if_exists='replace')",
    "class A:\n    def __init__(self): self.t = 'a'\n    def go(self): self.t.replace('a', 'b')",
    "class Box:\n    def unlink(self): ...\nb = Box()\nb.unlink()",
    "this is not python",
    "os.remove('x'",
    "print('!rm -rf')  # !rm os.remove('x')",
    "\x00",
]


@pytest.mark.parametrize(("kind", "source"), [(k, s) for k, all_ in HELD.items() for s in all_])
def test_code_with_an_effect_is_held(kind: str, source: str, folder: Path) -> None:
    assert kind in {effect.kind for effect in review(Cell(source), folder)}


@pytest.mark.parametrize("source", LET_THROUGH)
def test_analysis_code_is_never_held(source: str, folder: Path) -> None:
    assert review(Cell(source), folder) == ()


def corpus(name: str) -> list[dict[str, Any]]:
    text = (Path(__file__).parent / "review" / name).read_text()
    return [json.loads(line) for line in text.splitlines()]


READERS = corpus("readers.jsonl")
"""Cells by someone who looked for what the rules miss, and for what they hold without need."""
BLIND = corpus("blind.jsonl")
"""Cells by someone who had not read the rules: `code`, `effects` that a reader sees, `there`."""

PLAIN = corpus("plain.jsonl")
"""Plain cells, as tidy code writes them: of those `by` a reader many were missed or held without
need at first; those `by` who wrote the rules try the same further. `THERE` is what they find."""
THERE = (
    *("a.zip", "c.yml", "notes.txt", "old.avi", "old.csv", "old.db", "old.h5", "old.html"),
    *("old.json", "old.npy", "old.npz", "old.onnx", "old.pdf", "old.pkl", "old.png", "old.sav"),
    *("old.safetensors", "old.tif", "old.wav", "old.xlsx", "old.xml", "old.zip", "reset.sql"),
    *("tool.py", "data/old.csv"),
)


def blind(folder: Path, cell: dict[str, Any]) -> tuple[Effect, ...]:
    for name in cell.get("there", ()):
        (folder / name).touch()
    return review(Cell(cell["code"]), folder)


@pytest.mark.parametrize(
    "cell", [each for each in BLIND if each["effects"]], ids=lambda c: c["why"]
)
def test_what_a_reader_would_hold_is_held(cell: dict[str, Any], tmp_path: Path) -> None:
    assert blind(tmp_path, cell)


def test_hardly_anything_harmless_is_held(tmp_path: Path) -> None:
    harmless = [each for each in BLIND if not each["effects"]]
    held = [each["code"] for each in harmless if blind(tmp_path, each)]
    assert len(harmless) >= 75 and len(held) <= 0.02 * len(harmless), held


@pytest.mark.parametrize(
    "cell", [each for each in READERS if each["effects"]], ids=lambda c: c["code"]
)
def test_what_was_missed_once_is_held(cell: dict[str, Any], tmp_path: Path) -> None:
    found = {effect.kind for effect in blind(tmp_path, cell)}
    assert found == set(cell["effects"])


def test_nothing_harmless_of_the_second_corpus_is_held(tmp_path: Path) -> None:
    harmless = [each for each in READERS if not each["effects"]]
    assert len(harmless) >= 100
    assert [each["code"] for each in harmless if blind(tmp_path, each)] == []


@pytest.fixture(scope="module")
def plain_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("plain")
    (where / "data").mkdir()
    for name in THERE:
        (where / name).touch()
    return where


@pytest.mark.parametrize(
    "cell", [each for each in PLAIN if each["effects"]], ids=lambda c: c["code"]
)
def test_plain_code_with_an_effect_is_held(cell: dict[str, Any], plain_folder: Path) -> None:
    assert {effect.kind for effect in review(Cell(cell["code"]), plain_folder)} == set(
        cell["effects"]
    )


@pytest.mark.parametrize(
    "cell", [each for each in PLAIN if not each["effects"]], ids=lambda c: c["code"]
)
def test_plain_code_without_one_is_not(cell: dict[str, Any], plain_folder: Path) -> None:
    assert review(Cell(cell["code"]), plain_folder) == ()


@pytest.mark.parametrize(
    "source",
    ["out.write('x' * 9 + {})", "out.write({})", "sqlite3.connect({})", "df.to_csv({} + name)"],
)
def test_what_cannot_be_a_path_does_not_make_review_raise(source: str, folder: Path) -> None:
    for text in ("long " * 200, "\0", "**", "/" * 300):
        review(Cell(source.format(repr(text))), folder)


def test_a_long_text_of_many_parts_is_read(folder: Path) -> None:
    parts = " + ".join(["name"] * 600)
    assert review(Cell(f"def f(name):\n    return {parts}\nf('a')"), folder) == ()
    assert review(Cell(f"x = {parts}\ndf.to_csv('old.csv')"), folder) != ()


@pytest.mark.parametrize(
    "source",
    [
        "%config OCIMagics.allow = ['delete']",
        "%config OCIMagics.rounds",
        "%config {name}.allow = ['delete']",
        "get_ipython().run_line_magic('config', line='OCIMagics.allow = []')",
        "get_ipython().magic('config OCIMagics.allow = []')",
        "from IPython import InteractiveShell\nInteractiveShell.instance().magics_manager",
        "get_ipython().run_line_magic('config', option)",
        "get_ipython().magics_manager.registry['OCIMagics'].allow = ['delete']",
        "ip = get_ipython()\nours = ip.magics_manager",
        "getattr(get_ipython(), 'magics_manager')",
        "get_ipython().find_cell_magic('oci')",
        "import oci_magic.running.review as rules\nrules.review = print",
        "from oci_magic import guards\nguards.hidden = print",
        "%oci record on",
        "%%oci\ndelete all files",
        "%alias_magic ask oci",
        "%alias gone rm",
    ],
)
def test_code_cannot_switch_the_review_off(source: str) -> None:
    assert [effect.kind for effect in review(Cell(source))] == ["session"]


@pytest.mark.parametrize(
    "source",
    ["%config InlineBackend.figure_format = 'retina'", "%config", "%config IPCompleter.greedy"],
)
def test_settings_of_others_may_be_changed(source: str) -> None:
    assert review(Cell(source)) == ()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("for name, g in groups:\n    g.to_csv(f'{name}.tsv')", ""),
        ("for name, g in groups:\n    g.to_csv(f'{name}.csv')", "overwrite"),
        ("for path in paths:\n    g.to_csv(f'{path}.tsv')", "overwrite"),
        ("fig.savefig(os.path.join('data', f'{name}.png'))", ""),
        ("g.to_csv(os.path.join('data', f'{name}.csv'))", "overwrite"),
        ("where = Path('data', f'{name}.tsv')\ng.to_csv(where)", ""),
        ("g.to_csv(f'{name}')", "overwrite"),
        ("g.to_csv(f'{base}/new.csv')", "overwrite"),
    ],
)
def test_names_that_are_built_may_hit_what_is_there(source: str, kind: str, folder: Path) -> None:
    assert held(folder, source) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("database", "sql", "kind"),
    [
        ("'fresh.db'", "'INSERT INTO t VALUES (1)'", ""),
        ("'notes.txt'", "'INSERT INTO t VALUES (1)'", "overwrite"),
        ("name", "'INSERT INTO t VALUES (1)'", "overwrite"),
        ("'fresh.db'", "f'DELETE FROM {t}'", "delete"),
        ("':memory:'", "f'DELETE FROM {t}'", ""),
        ("'fresh.db'", "'UPDATE t SET a = %s' % a", "overwrite"),
        ("'fresh.db'", "'SELECT * FROM ' + t", ""),
        ("':memory:'", "f\"COPY t TO '{target}'\"", "overwrite"),
        ("':memory:'", "\"COPY t TO 'old.csv'\"", "overwrite"),
        ("':memory:'", "\"COPY t TO 'new.csv'\"", ""),
    ],
)
def test_sql_is_read_by_its_constant_parts(
    database: str, sql: str, kind: str, folder: Path
) -> None:
    source = f"import sqlite3\ncon = sqlite3.connect({database})\ncon.execute({sql})"
    assert held(folder, source) == ({kind} if kind else set())


def test_table_is_large_enough() -> None:
    assert sum(map(len, HELD.values())) > 100
    assert len(LET_THROUGH) > 50


def test_a_link_that_leads_outside_is_outside(folder: Path) -> None:
    (folder / "away").symlink_to(folder.parent)
    assert review(Cell("df.to_csv('away/new.csv')"), folder)


def test_an_absolute_path_inside_the_folder_is_inside(folder: Path) -> None:
    assert review(Cell(f"df.to_csv({str(folder / 'new.csv')!r})"), folder) == ()


def test_the_folder_is_the_working_one_by_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert review(Cell("df.to_csv('old.csv')"))
    assert review(Cell("df.to_csv('new.csv')")) == ()


def test_files_of_an_earlier_attempt_may_be_overwritten(folder: Path) -> None:
    cell = Cell("df.to_csv('old.csv')")
    assert review(cell, folder, ours=[folder / "old.csv"]) == ()
    assert review(cell, folder, ours=[folder / "data" / "old.csv"])


@pytest.mark.parametrize(
    ("source", "lineno"),
    [
        ("\n\nimport os\nos.remove('x')", 4),
        ("x = 1\n!rm x", 2),
        ("%%time\nx = 1\nos.remove('x')", 3),
        ("  \n\nos.remove('x')", 3),
        ("\n\n%%time\nos.remove('x')", 4),
        ("f(\n    1,\n    os.remove('x'),\n)", 3),
    ],
)
def test_an_effect_has_the_line_of_the_cell(source: str, lineno: int, folder: Path) -> None:
    assert [effect.lineno for effect in review(Cell(source), folder)] == [lineno]


def test_one_call_is_one_effect(folder: Path) -> None:
    assert review(Cell("import os\nos.remove('x')"), folder) == (Effect("delete", "os.remove", 2),)
    assert len(review(Cell("Path('x').unlink()"), folder)) == 1
    assert len(review(Cell("import sys\nsys.exit(0)"), folder)) == 1


def test_markdown_has_no_effects(folder: Path) -> None:
    assert review(Cell("!rm -rf x", "markdown"), folder) == ()


def test_deep_nesting_is_held_and_does_not_crash(folder: Path) -> None:
    for source in ("x = " + "-" * 50_000 + "1", "x" + ".y()" * 5_000, "os.remove" + "(1)" * 300):
        assert {effect.kind for effect in review(Cell(source), folder)} <= {"dynamic", "delete"}


def test_names_bound_in_a_circle_are_not_known(folder: Path) -> None:
    assert review(Cell("x = x + 'a'\nx = y\ny = x\nopen(x, 'w')"), folder)[0].kind == "overwrite"


def test_a_strange_escape_is_no_warning_of_ours(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert review(Cell("x.split('\\d')"), folder) == ()


@given(st.text(alphabet=st.sampled_from("%!?()[]'\"\n \\ab=.os,:"), max_size=60))
def test_no_text_makes_review_raise(source: str) -> None:
    for effect in review(Cell(source), Path("/")):
        assert effect.lineno >= 1 and "\n" not in effects_line([effect])


def test_the_line_for_the_person() -> None:
    effects = [Effect("delete", "os.remove", 3), Effect("process", "!ls", 4)]
    assert effects_line(effects[:1]) == "deletes files (line 3: os.remove)"
    assert (
        effects_line(effects) == "deletes files (line 3: os.remove); starts a program (line 4: !ls)"
    )
    assert effects_line([Effect("exit", "exit", n) for n in range(1, 6)]).endswith("; and 2 more")
    assert effects_line([]) == ""


@pytest.mark.parametrize(
    "source",
    [
        "%reset -f", "%reset_selective -f x", "%xdel x", "get_ipython().reset()",
        "%reload_ext oci_magic", "%unload_ext oci_magic", "%load_ext other", "reset -f",
    ],
)  # fmt: skip
def test_code_that_resets_the_session_is_held(source: str) -> None:
    assert [effect.kind for effect in review(Cell(source))] == ["session"]


def held(folder: Path, *sources: str, **namespace: object) -> set[str]:
    """The kinds of effects for which the last of the cells of one reply is held."""
    *before, last = map(Cell, sources)
    return {effect.kind for effect in review(last, folder, namespace=namespace, before=before)}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("from os import remove", "remove('old.csv')", "delete"),
        ("from os import *", "remove('old.csv')", "delete"),
        ("import os as o\nrm = o.remove", "rm('old.csv')", "delete"),
        ("%%time\nfrom os import remove", "%%time\nremove('old.csv')", "delete"),
        ("from os import remove", "1\n2", ""),
        ("p = Path('old.csv')", "p.rename('x.csv')", "overwrite"),
        ("p = Path('.')", "p = p / 'old.csv'\np.rename('x.csv')", "overwrite"),
        ("files = Path('.').glob('*')", "for f in files: f.rename('x')", "overwrite"),
        ("name = 'old.csv'", "df.to_csv(name)", "overwrite"),
        ("os.chdir('data')", "df.to_csv('new.csv')", "overwrite"),
        ("ip = get_ipython()", "ip.system('ls')", "process"),
    ],
)
def test_a_cell_may_use_what_an_earlier_one_of_the_reply_bound(
    first: str, second: str, kind: str, folder: Path
) -> None:
    assert held(folder, first, second) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("name = 'old.csv'\npd.read_csv(name)", "name = 'new.csv'\ndf.to_csv(name)"),
        ("from os import remove", "def remove(x): return x\nremove('old.csv')"),
        ("name = 'new.csv'", "df.to_csv(name)"),
        ("p = Path('old.csv')", "p = p.name\np = str(p)"),
        ("f = Path('old.csv')", "for f in glob.glob('*'):\n    f.replace('.csv', '')"),
    ],
)
def test_what_an_earlier_cell_bound_is_no_reason_when_bound_anew(
    first: str, second: str, folder: Path
) -> None:
    assert held(folder, first, second) == set()


def test_effects_of_an_earlier_cell_are_not_told_again(folder: Path) -> None:
    assert held(folder, "import os\nos.remove('old.csv')", "x = 1") == set()


@pytest.mark.parametrize(
    ("value", "source", "kind"),
    [
        (os.remove, "it('old.csv')", "delete"),
        (os.remove, "list(map(it, files))", "delete"),
        (os.remove, "%time it('old.csv')", "delete"),
        (os, "it.unlink('old.csv')", "delete"),
        (shutil.rmtree, "it('data')", "delete"),
        (Path("x").unlink, "it()", "delete"),
        (Path, "it('old.csv').rename('x')", "overwrite"),
        (Path, "it('new.csv').write_text('x')", ""),
        (os.path, "df.to_csv(it.join('data', 'new.csv'))", ""),
        (os.path.join, "df.to_csv(it('data', 'old.csv'))", "overwrite"),
        (shutil.move, "it('old.csv', 'x')", "overwrite"),
        (subprocess.run, "it('ls')", "process"),
        (multiprocessing.Pool, "it(2)", "process"),
        (sys.exit, "it()", "exit"),
        (eval, "it('1')", "dynamic"),
        (open, "it('old.csv', 'w')", "overwrite"),
        (Path("old.csv"), "it.rename('x')", "overwrite"),
        (Path("data"), "(it / 'old.csv').rename('x')", "overwrite"),
        ([Path("old.csv")], "for f in it: f.rename('x')", "overwrite"),
        (["a", Path("old.csv")], "[f.replace('x') for f in sorted(it)]", "overwrite"),
        ((Path("old.csv"),), "for i, f in enumerate(it): f.rename(f'{i}')", "overwrite"),
        ([Path("old.csv")], "it[0].rename('x')", "overwrite"),
        ([Path("old.csv")], "it = sorted(it)\nfor f in it: f.rename('x')", "overwrite"),
        ([Path("old.csv")], "it += more\nfor f in it: f.rename('x')", "overwrite"),
        ([Path("old.csv")], "it = ['a', 'b']\nfor f in it: f.replace('a', 'b')", ""),
        (["old.csv"], "for f in it: f.replace('a', 'b')", ""),
        (Path("old.csv"), "for it in names: it.replace('a', 'b')", ""),
        ("a text", "it.replace('a', 'b')", ""),
        (None, "it.rename('x')", ""),
        (lambda x: x, "it('old.csv')", ""),
    ],
)
def test_a_free_name_stands_for_the_live_object(
    value: object, source: str, kind: str, folder: Path
) -> None:
    assert held(folder, source, it=value) == ({kind} if kind else set())


def test_a_value_that_is_called_like_a_module_is_not_the_module(folder: Path) -> None:
    assert held(folder, "signal.alarm()\nexit.mean()\nos.system", signal=1, exit=2, os=3) == set()


def test_names_of_the_shell_stay_what_they_are(folder: Path) -> None:
    from IPython.core.autocall import ZMQExitAutocall
    from IPython.core.interactiveshell import InteractiveShell

    shell = object.__new__(InteractiveShell)
    names = {"exit": ZMQExitAutocall(), "get_ipython": shell.get_ipython, "ip": shell}
    names |= {"__builtins__": vars(sys.modules["builtins"]), "leave": names["exit"]}
    for source, kind in (
        ("exit()", "exit"),
        ("leave()", "exit"),
        ("get_ipython().system('ls')", "process"),
        ("!ls", "process"),
        ("ip.system('ls')", "process"),
        ("__builtins__['eval']('1')", "dynamic"),
    ):
        assert held(folder, source, **names) == {kind}


def test_looking_at_live_objects_runs_none_of_their_code(folder: Path) -> None:
    def refuse(*_: object) -> Any:
        raise AssertionError("code of a live object ran")

    class Meta(type):
        __getattribute__ = refuse
        __instancecheck__ = __subclasscheck__ = __eq__ = refuse
        __hash__ = type.__hash__

    hooks = ("getattribute", "eq", "repr", "str", "bool", "len", "iter", "call", "getitem", "hash")
    body: dict[str, Any] = {f"__{hook}__": refuse for hook in hooks}
    hostile = Meta("Hostile", (), {**body, "__module__": property(refuse)})
    lazy = type("Lazy", (ModuleType,), body)("lazy")
    listed = type("Listed", (list,), body)
    values = (hostile, type.__call__(hostile), lazy, listed(), [type.__call__(hostile)])
    for value in values:
        source = "it('x')\nit.rename('x')\nfor f in it: f.rename('x')\nit.unlink"
        assert held(folder, source, it=value) == {"delete"}


def test_a_reviewer_knows_the_cells_of_one_reply_together(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    reviewer = Reviewer({"files": [Path("old.csv")]}, folder)
    harmless, deleting = reviewer([Cell("from os import remove"), Cell("remove('old.csv')")])
    assert (harmless, bool(deleting)) == ((), True)
    assert reviewer([Cell("remove('old.csv')")]) == [()]
    assert reviewer([Cell("for f in files: f.rename('x')")]) != [()]


def test_a_reviewer_holds_only_what_is_not_allowed(folder: Path) -> None:
    cell = Cell("import os\nos.remove('old.csv')\n!ls")
    (effects,) = Reviewer({}, folder, allowed=["delete"])([cell])
    assert [effect.kind for effect in effects] == ["process"]


def test_a_reviewer_outlives_the_working_folder(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path_factory.mktemp("gone")
    monkeypatch.chdir(gone)
    reviewer = Reviewer({}, folder)
    gone.rmdir()
    assert reviewer([Cell("x = 1")]) == [()]
    assert reviewer([Cell("df.to_csv('old.csv')")]) != [()]


def test_names_made_from_themselves_end_soon(folder: Path) -> None:
    source = "\n".join(["x = x / y", "y = y / x"] * 30 + ["x.rename('a')"])
    assert held(folder, source) == set()
    assert held(folder, source, y=Path("a")) == {"overwrite"}


@pytest.mark.parametrize(
    "source",
    [
        "query = 'select 1'\n"
        + "if a:\n    query = query + ' and b'\n" * 30
        + "pd.read_sql(query, con)",
        "url = base\n" + "if a:\n    url = url + 'b'\n" * 30 + "pd.read_csv(url)",
        "def fill(grid):\n    if grid.board.item(0):\n        return\n"
        + "    fill(grid)\n" * 30
        + "fill(grid)",
    ],
)
def test_text_that_is_put_together_and_recursion_are_read_soon(source: str, folder: Path) -> None:
    assert held(folder, source) == set()


@pytest.mark.parametrize("use", ["for x in a:\n    print(x)", "[x for x in a]", "print(*a)"])
def test_names_that_are_swapped_are_no_circle(use: str, folder: Path) -> None:
    assert held(folder, f"a, b = b, a\n{use}", a=[1], b=[2]) == set()
