"""Data sets that lifelines ships, as arrays: duration, event, group, entry."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from lifelines import datasets


class Seen(NamedTuple):
    """Spells of a data set with something to compare them by."""

    duration: np.ndarray
    event: np.ndarray
    group: np.ndarray
    entry: np.ndarray | None = None

    @property
    def counts(self) -> np.ndarray:
        """Case weights from 1 to 3, the same at each run."""
        return np.arange(len(self.duration)) % 3 + 1.0

    def repeated(self, values: np.ndarray) -> np.ndarray:
        """Return each row as often as its weight says."""
        return np.repeat(values, self.counts.astype(int))


def _of(frame, duration: str, event: str, group: str, entry: str | None = None) -> Seen:
    columns = (np.asarray(frame[duration], float), np.asarray(frame[event], bool), np.asarray(frame[group]).astype(str))
    return Seen(*columns, None if entry is None else np.asarray(frame[entry], float))


def load() -> dict[str, Seen]:
    """Return eight data sets; the last two have late entry."""
    return {
        "waltons": _of(datasets.load_waltons(), "T", "E", "group"),
        "rossi": _of(datasets.load_rossi(), "week", "arrest", "race"),
        "lung": _of(datasets.load_lung(), "time", "status", "sex"),
        "gbsg2": _of(datasets.load_gbsg2(), "time", "cens", "tgrade"),
        "larynx": _of(datasets.load_larynx(), "time", "death", "Stage_III"),
        "leukemia": _of(datasets.load_leukemia(), "t", "status", "Rx"),
        "aids": _of(datasets.load_multicenter_aids_cohort_study(), "T", "D", "AIDSY", "W"),
        "heart": _of(datasets.load_stanford_heart_transplants().query("start < stop"), "stop", "event", "surgery", "start"),
    }


PEERS = load()


def split(seen: Seen, at: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return duration, event, entry and group of the spells cut in two at an age: the same facts in more rows."""
    entry = np.zeros(len(seen.duration)) if seen.entry is None else seen.entry
    cut = (entry < at) & (seen.duration > at)
    duration = np.concatenate([np.where(cut, at, seen.duration), seen.duration[cut]])
    event = np.concatenate([seen.event & ~cut, seen.event[cut]])
    return duration, event, np.concatenate([entry, np.full(int(cut.sum()), at)]), np.concatenate([seen.group, seen.group[cut]])
