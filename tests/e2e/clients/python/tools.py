"""The tools and the structured output that the clients request."""

from pydantic import BaseModel


class Person(BaseModel):
    """A person with a mail address."""

    name: str
    mail: str


def get_weather(city: str, mail: str) -> str:
    """Returns the weather of a city."""
    return "sunny"


def get_time(zone: str) -> str:
    """Returns the time in a zone."""
    return "12:00"


def _function(name, *parameters):
    schema = {
        "type": "object",
        "properties": {parameter: {"type": "string"} for parameter in parameters},
        "required": list(parameters),
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "parameters": schema, "strict": True}}


DEFINITIONS = [_function("get_weather", "city", "mail"), _function("get_time", "zone")]
