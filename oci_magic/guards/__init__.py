"""What keeps the loop honest: no going in circles, no endless text, no error that is only hidden.

All of it is read off the rounds of a request; nothing is run.
"""
