"""A valid request for every endpoint, by topic, for the tests that go through all of them.

Each module here has a dictionary SAMPLES: (method, path of the declaration) → `Sample`. An endpoint without a sample
fails `tests/test_wechat_endpoints.py`.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """How to call an endpoint so that it answers well; each function is called with a `live.Person`.

    :param path: values for the parts of the path, of records the person may see
    :param body: the JSON body
    :param query: the parameters
    :param foreign: values for the path of a record that this person has, and others must not see
    :param public: called without a token
    """

    path: Callable = lambda person: {}
    body: Callable = lambda person: None
    query: Callable = lambda person: {}
    foreign: Callable | None = None
    public: bool = False


def all_samples():
    """Return the samples of all topics."""
    samples = {}
    for module in pkgutil.iter_modules(__path__):
        samples.update(importlib.import_module(f"{__name__}.{module.name}").SAMPLES)
    return samples
