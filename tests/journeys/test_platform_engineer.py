"""A platform engineer wires notifications: from the event types to a webhook, paused and removed."""

import pytest

from support import ERAS, confirmation_in, connected

pytestmark = pytest.mark.anyio

URL = "https://hooks.example.com/on-call"


@pytest.mark.parametrize("mode", ERAS)
async def test_webhook_lives_from_its_first_look_to_its_removal(mode: str) -> None:
    """Choose a type, see a payload, register, pause, change while paused, delete in two steps."""
    async with connected("admin", mode) as server:
        types = (await server.data("list_webhook_event_types"))["eventDefs"]
        names = [row["eventName"] for row in types]
        sample = await server.data("get_webhook_event_sample", event_name="metric.alert")

        made = await server.data(
            "create_webhook_endpoint",
            url=URL,
            secret="w7ixQjN7QEiWRwXUFfXneA",
            eventTypes=[{"eventName": "metric.alert"}],
        )
        paused = await server.data("update_webhook_endpoint", id=made["id"], disabled=True)
        changed = await server.data(
            "update_webhook_endpoint", id=made["id"], eventTypes=[{"eventName": "note.created"}]
        )
        listed = (await server.data("list_webhook_endpoints"))["endpoints"]

        asked = await server.call("delete_webhook_endpoint", id=made["id"])
        still = await server.data("get_webhook_endpoint", id=made["id"])
        done = await server.data(
            "delete_webhook_endpoint", id=made["id"], confirmation=confirmation_in(asked)
        )
        gone = await server.error("get_webhook_endpoint", id=made["id"])

    assert "metric.alert" in names
    assert sample["eventName"] == "metric.alert"
    assert (made["enabled"], paused["enabled"], changed["enabled"]) == (True, False, False)
    assert changed["eventTypes"] == [{"eventName": "note.created"}]
    assert next(row for row in listed if row["url"] == URL)["enabled"] is False
    assert "Permanently delete the webhook endpoint" in asked.content[0].text
    assert still["url"] == URL
    assert done["done"].startswith("The webhook endpoint was deleted.")
    assert gone.startswith("Fullstory knows no such thing (404)")


async def test_signing_secret_is_never_told_again() -> None:
    """What signs deliveries goes in and does not come out, in no answer and no list."""
    secret = "w7ixQjN7QEiWRwXUFfXneA"
    kinds = [{"eventName": "note.created"}]
    async with connected("admin") as server:
        made = await server.text(
            "create_webhook_endpoint", url=URL, secret=secret, eventTypes=kinds
        )
        listed = await server.text("list_webhook_endpoints")

    assert secret not in made + listed


async def test_types_with_subcategories_lead_to_them() -> None:
    """A crash alert is for one app; its name is found, not guessed."""
    async with connected("admin") as server:
        types = (await server.data("list_webhook_event_types"))["eventDefs"]
        (name,) = [row["eventName"] for row in types if row["hasSubcategories"]]
        apps = (await server.data("list_webhook_event_subcategories", event_name=name))[
            "subcategoryDefs"
        ]
        made = await server.data(
            "create_webhook_endpoint",
            url=URL,
            secret="s",
            eventTypes=[{"eventName": name, "subcategory": apps[0]["subcategory"]}],
        )

    assert made["eventTypes"] == [{"eventName": name, "subcategory": apps[0]["subcategory"]}]
