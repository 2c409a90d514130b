"""A made-up world with pictures, sounds and clips, and users whose tastes these carry."""

from streams.demo.story import Story
from streams.generated.behaviour import interactions
from streams.generated.media import media_events
from streams.generated.recipe import Recipe
from streams.generated.world import make_world

NOTICE = "Data: made up, with the seed 0; `freshet generate` writes such worlds to files."


def load(limit: int) -> Story:
    """The first `limit` interactions of a world of 400 items in four modalities."""
    world = make_world(Recipe(events=limit))
    media = {event.item_id: event for event in media_events(world)}
    return Story(NOTICE, list(interactions(world)), media)
