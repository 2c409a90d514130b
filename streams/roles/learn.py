"""Examples → model; one learns, the others stand by."""

import asyncio

from threadpoolctl import threadpool_limits

from online.fold import ExampleFold
from online.warm_up import compile_kernels
from streams import examples_to_model
from streams.learned_fusion import new_fusion
from streams.learned_ranking import new_ranking
from streams.lists import new_recommender
from streams.roles.worker import Worker
from streams.succession import watch_epochs


async def set_up(w: Worker) -> None:
    """Makes what the worker consists of."""
    await asyncio.to_thread(compile_kernels)
    # Its matrices are small: more threads would only wait for one another.
    threadpool_limits(1, user_api="blas")
    worker = examples_to_model.ExamplesToModel(
        w.settings,
        w.admin,
        lambda: ExampleFold(new_recommender(w.settings)),
        new_ranking(w.settings),
        w.producer,
        w.liveness,
        new_fusion(w.settings),
    )
    examples_to_model.connect(w.app, w.settings, worker, w.fail)
    w.owns("examples", worker, worker.finish)
    w.holds = worker.holders()
    w.holds_items = worker.holders_of_items()
    w.beside += [
        worker.publish_regularly(),
        worker.follow_embeddings(),
        watch_epochs(w.settings, lambda: worker.epoch),
    ]
