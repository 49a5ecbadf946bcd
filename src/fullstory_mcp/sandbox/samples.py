"""The event types of webhooks, and a sample delivery of each. Data only."""

from collections.abc import Mapping
from typing import Any

from fullstory_mcp.sandbox.world import shop

EVENT_TYPES: Mapping[str, str] = {
    "segment.created": "Segment created",
    "segment.trend.alert": "Segment alert",
    "metric.alert": "Metric alert",
    "note.created": "Note created",
    "nativemobile.event.crash": "Native mobile crash",
}

SUBCATEGORIES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "nativemobile.event.crash": (
        (shop.APP_PACKAGE, "Sandbox Shop (Android)"),
        (f"{shop.APP_PACKAGE}.ios", "Sandbox Shop (iOS)"),
    ),
}

_SEGMENT_URL = f"{shop.APP_URL}/segments/sbRageCheckout/people/0"
_SESSION_URL = f"{shop.APP_URL}/session/4100000000000001%3A4100000000000002"

SAMPLES: Mapping[str, Mapping[str, Any]] = {
    "segment.created": {
        "id": "sbRageCheckout",
        "creator": "pm@example.com",
        "name": "Rage clickers on checkout",
        "url": _SEGMENT_URL,
        "created": "2026-05-20T13:44:10Z",
    },
    "segment.trend.alert": {
        "id": "al-71",
        "timestamp": "2026-11-14T00:00:00Z",
        "value": 412,
        "notificationUrl": f"{shop.APP_URL}/alerts/al-71",
        "alertConfig": {
            "description": "More than 300 active users in segment",
            "threshold": 300,
            "direction": "ABOVE",
            "duration": "DAILY",
            "alertUrl": f"{shop.APP_URL}/alerts/al-71/edit",
            "alertCreator": "pm@example.com",
            "segmentUrl": _SEGMENT_URL,
            "segmentCreator": "pm@example.com",
            "segmentName": "Rage clickers on checkout",
        },
    },
    "metric.alert": {
        "id": "ma-18",
        "alertId": "al-90",
        "timestamp": "2026-11-14T00:00:00Z",
        "value": 0.031,
        "notificationUrl": f"{shop.APP_URL}/alerts/al-90",
        "alertConfig": {
            "alertName": "Checkout error rate",
            "alertDescription": "Above 3%",
            "alertCreator": "pm@example.com",
            "alertUrl": f"{shop.APP_URL}/alerts/al-90/edit",
            "metricName": "Checkout errors",
            "metricDescription": "Share of checkouts with a network error",
            "metricCreator": "pm@example.com",
            "metricUrl": f"{shop.APP_URL}/metrics/m-5",
        },
    },
    "note.created": {
        "id": "n-4411",
        "created": "2026-11-12T10:02:11Z",
        "author": "pm@example.com",
        "text": "Payment 502 blocks checkout",
        "sessionUrl": _SESSION_URL,
        "userUrl": f"{shop.APP_URL}/people/0/user/4100000000000003",
        "shareLink": f"{shop.APP_URL}/share/n-4411",
        "pageInfo": {
            "pageUrl": f"https://{shop.HOST}/checkout",
            "ipAddress": "203.0.113.24",
            "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
            "referrer": f"https://{shop.HOST}/cart",
            "country": "US",
            "pageHeight": 934,
            "pageWidth": 1512,
        },
        "notedTime": "2026-11-12T09:04:10Z",
    },
    "nativemobile.event.crash": {
        "appName": "Sandbox Shop",
        "appPackageName": shop.APP_PACKAGE,
        "appVersion": "8.1.0",
        "deviceModel": "Pixel 9",
        "osVersion": "16",
        "sessionUrl": _SESSION_URL,
    },
}
