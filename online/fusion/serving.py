"""A fusion that is learned and served in one process: by the evaluator, and before the stream."""

from online.events import ExampleSet
from online.fusion.learner import FusionLearner
from online.recommender import Recommender


def learn_and_serve(fusion: FusionLearner, example_set: ExampleSet, recommender: Recommender) -> None:
    """Learns what items are made of; serves it, as the next generation, when it has moved."""
    fusion.learn(example_set)
    if fusion.moved():
        for vectors in fusion.advance():
            recommender.put_vectors(vectors)
        recommender.taste = fusion.taste()
