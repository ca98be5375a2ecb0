"""Tasks for training `micro`: table work with pandas, made and executed example by example.

`words` gives names and values, `tables` the data and its dirt, `wordings` and `outside` what
people type, `steps` the families of work, `repairs` what an expert does about an error, and
`make` puts them together and keeps only what really happened as told.
"""
