"""Names of what writes files, and where in a call the file stands."""

from __future__ import annotations

import re

PATH_KEYWORDS = (
    *("path_or_buf", "path_or_buffer", "path", "buf", "excel_writer", "fname", "file"),
    *("filename", "fp", "f", "fid", "dst", "store", "workbook", "base_name", "extract_dir"),
)
FUNCTIONS_KEYWORDS = (*PATH_KEYWORDS, "where", "root_path", "output_file", "dest")
METHODS = frozenset(
    (
        *("to_csv", "to_excel", "to_parquet", "to_feather", "to_json", "to_pickle", "to_html"),
        *("to_latex", "to_markdown", "to_string", "to_xml", "to_hdf", "to_stata", "to_orc"),
        *("to_netcdf", "to_file", "write_csv", "write_parquet", "write_json", "write_excel"),
        *("write_html", "write_image", "savefig", "imsave", "imwrite", "save", "savetxt"),
        *("savez", "savez_compressed", "tofile", "write_ndjson", "write_ipc", "write_ipc_stream"),
        *("write_avro", "write_delta", "sink_csv", "sink_parquet", "sink_ipc", "sink_ndjson"),
        *("to_zarr", "save_model", "save_weights", "save_pretrained", "dump", "write", "output"),
    )
)
TEXTS = frozenset(("to_string", "to_html", "to_markdown", "to_latex", "to_json"))
"""Mostly asked for the text alone: `table.to_html(**options)`."""
GENERAL = frozenset(("dump", "write", "output"))
"""Methods of much else, too: judged where the path is known, or what they belong to."""
SAYS = re.compile(r"(json|yaml|pickle|dill|cloudpickle|marshal|tomli_w|sys\.\w+)\.(dump|write)")
TREES = frozenset(
    f"{home}.{n}"
    for home in ("xml.etree.ElementTree", "lxml.etree")
    for n in ("ElementTree", "parse")
)
ARCHIVES = frozenset(("zipfile.ZipFile", "tarfile.open", "tarfile.TarFile"))
ELSEWHERE = frozenset(("urllib.request.urlretrieve", "plotly.offline.plot"))
"""Without a path they write no file, or one of a name of their own."""
NAMED = ("to_", "write_", "sink_", "save")
"""How the names of methods that write begin: `getattr(table, f"to_{kind}")`."""
MAKES = frozenset(("os.mkdir", "os.makedirs"))
FUNCTIONS = {
    "torch.save": 1,
    "torch.jit.save": 1,
    "torch.onnx.export": 2,
    **dict.fromkeys(("onnx.save", "onnx.save_model"), 1),
    **{f"safetensors.{n}.save_file": 1 for n in ("torch", "numpy", "flax", "tensorflow", "mlx")},
    "joblib.dump": 1,
    "shutil.copy": 1,
    "shutil.copy2": 1,
    "shutil.copyfile": 1,
    "shutil.copytree": 1,
    "shutil.make_archive": 0,
    "shutil.unpack_archive": 1,
    "urllib.request.urlretrieve": 1,
    "scipy.io.wavfile.write": 0,
    "scipy.io.savemat": 0,
    "scipy.sparse.save_npz": 0,
    **{f"plotly.io.write_{kind}": 1 for kind in ("html", "image", "json")},
    "plotly.offline.plot": 6,
    **{f"pyreadstat.write_{kind}": 1 for kind in ("sav", "dta", "por", "xport")},
    "cv2.VideoWriter": 0,
    "soundfile.write": 0,
    "nbformat.write": 1,
    "distutils.file_util.copy_file": 1,
    "distutils.dir_util.copy_tree": 1,
    **dict.fromkeys(("imageio.mimsave", "imageio.mimwrite", "imageio.v2.mimsave"), 0),
    **dict.fromkeys(("bokeh.plotting.output_file", "bokeh.io.output_file"), 0),
    **{f"networkx.write_{kind}": 1 for kind in ("gexf", "gml", "graphml", "edgelist", "gpickle")},
    "pyarrow.parquet.write_table": 1,
    "pyarrow.parquet.write_to_dataset": 1,
    "pyarrow.csv.write_csv": 1,
    "pyarrow.feather.write_feather": 1,
    "pyarrow.orc.write_table": 1,
}
OPENERS = {  # name: (position of the mode, the mode when none is given)
    **dict.fromkeys(("open", "io.open", "codecs.open", "tarfile.open"), (1, "r")),
    **dict.fromkeys(("gzip.open", "bz2.open", "lzma.open", "zipfile.ZipFile"), (1, "r")),
    **dict.fromkeys(("io.FileIO", "gzip.GzipFile", "bz2.BZ2File", "lzma.LZMAFile"), (1, "r")),
    **dict.fromkeys(("h5py.File", "netCDF4.Dataset", "tarfile.TarFile", "dbm.open"), (1, "r")),
    **dict.fromkeys(("wave.open", "rasterio.open"), (1, "r")),
    "shelve.open": (1, "c"),
    "pandas.ExcelWriter": (9, "w"),
    "pandas.HDFStore": (1, "a"),
    "numpy.memmap": (2, "r+"),
    **dict.fromkeys(("logging.FileHandler", "logging.basicConfig"), (1, "a")),
    "logging.handlers.RotatingFileHandler": (1, "a"),
    "matplotlib.backends.backend_pdf.PdfPages": (9, "w"),
    "xlsxwriter.Workbook": (9, "w"),
    "xlsxwriter.workbook.Workbook": (9, "w"),
    "pyarrow.parquet.ParquetWriter": (9, "w"),
}
SUFFIXES = {
    "save_npz": ("", ".npz"),
    "save": ("", ".npy"),
    "savez": ("", ".npz"),
    "savez_compressed": ("", ".npz"),
    "savefig": ("", ".png"),
    "make_archive": ("", ".zip", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz"),
}
WRITING_MODE = re.compile(r"[rwxabtU+]*[wxa+][rwxabtU+]*")
WRITING_FLAGS = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)")
