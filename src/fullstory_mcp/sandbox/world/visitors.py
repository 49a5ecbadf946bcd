"""What visitors come with: machines, apps and places. Data only, addresses from RFC 5737."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Machine:
    """A browser on a machine, or a phone with the shop's app (`app_version` set).

    Sizes are (width, height) in pixels.
    """

    browser: str
    browser_version: str
    operating_system: str
    kind: str
    manufacturer: str
    model: str
    screen: tuple[int, int]
    viewport: tuple[int, int]
    user_agent: str
    app_version: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a visitor seems to be."""

    country: str
    region: str
    city: str
    lat_long: str
    network: str


_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
_WIN = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"

WEB_MACHINES = (
    Machine(
        "Chrome",
        "141.0.0",
        "OS X",
        "Desktop",
        "Apple",
        "MacBook Pro",
        (1728, 1117),
        (1512, 934),
        f"{_MAC} Chrome/141.0.0.0 Safari/537.36",
    ),
    Machine(
        "Firefox",
        "144.0",
        "Windows",
        "Desktop",
        "",
        "",
        (1920, 1080),
        (1903, 947),
        f"{_WIN}; rv:144.0) Gecko/20100101 Firefox/144.0",
    ),
    Machine(
        "Edge",
        "141.0.0",
        "Windows",
        "Desktop",
        "",
        "",
        (2560, 1440),
        (2543, 1290),
        f"{_WIN}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0",
    ),
    Machine(
        "Mobile Safari",
        "26.0",
        "iOS",
        "Mobile",
        "Apple",
        "iPhone",
        (393, 852),
        (393, 659),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 26_0 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
    ),
)

APP_MACHINES = (
    Machine(
        "",
        "",
        "Android",
        "Mobile",
        "Google",
        "Pixel 9",
        (1080, 2424),
        (1080, 2292),
        "SandboxShop/8.1.0 (Android 16)",
        "8.1.0",
    ),
    Machine(
        "",
        "",
        "iOS",
        "Mobile",
        "Apple",
        "iPhone 17",
        (1206, 2622),
        (1206, 2478),
        "SandboxShop/8.2.1 (iOS 26.0)",
        "8.2.1",
    ),
)

PLACES = (
    Place("US", "Georgia", "Atlanta", "33.7490,-84.3880", "203.0.113"),
    Place("US", "Oregon", "Portland", "45.5152,-122.6784", "203.0.113"),
    Place("CA", "Ontario", "Toronto", "43.6532,-79.3832", "198.51.100"),
    Place("GB", "England", "Leeds", "53.8008,-1.5491", "198.51.100"),
    Place("DE", "Hesse", "Kassel", "51.3127,9.4797", "192.0.2"),
    Place("NL", "Utrecht", "Utrecht", "52.0907,5.1214", "192.0.2"),
)
