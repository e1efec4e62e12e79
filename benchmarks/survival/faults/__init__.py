"""The faults, one a file: its docstring says what is done, `PROMISED` what must hold, and `inject` does it.

`inject(place)` gives the problems it found: none, and the promise was held. `lacking()`, where there is one, says what
this machine lacks for it. `RAY = True` marks those that start Ray, `TIMES` how often it is injected if not five times.
"""
