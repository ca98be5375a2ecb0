"""`%load_ext oci_magic` registers the `%%oci` cell magic: ask, run, repair, in this kernel."""
