"""Places on all sides of the globe, and what is no place."""

GOOD: list[object] = [
    {"lat": 48.137, "lon": 11.575},
    (48.208, 16.373),
    [-33.87, 151.21],
    {"lat": 90, "lon": 0},
    {"lat": -16.5, "lon": 180.0, "name": "Taveuni"},
    (0, -0.0),
]
BAD: list[object] = [
    None,
    7,
    "48.1, 11.6",
    b"48.1, 11.6",
    {"lat": 48.1},
    {"lat": "48.1", "lon": "11.6"},
    {"lat": 90.1, "lon": 0.0},
    (0.0, 180.5),
    (float("nan"), 0.0),
    (0.0, float("inf")),
    (1, 10**400),
    (True, False),
    (1.0, 2.0, 3.0),
    [],
]
