"""Saved models that are refused when they are loaded: by name, with the version that would serve instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from relkit.commands import command
from relkit.errors import StorageError
from relkit.remarks import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from relkit.models.base import Fitted
    from relkit.tracking.registry import ModelVersion

_ORDER = ("champion", "challenger")


def refusal(
    version: ModelVersion, error: StorageError, others: Sequence[ModelVersion], read: Callable[[ModelVersion], Fitted]
) -> StorageError:
    """Return the error for a version whose saved model cannot be used.

    Args:
        version: that was to be loaded.
        error: why not.
        others: versions of the same model.
        read: loads a version; only one that loads is proposed.
    """
    sound = next((other for other in _by_preference(others, version) if _loads(other, read)), None)
    aliases = f" ({', '.join(version.aliases)})" if version.aliases else ""
    what = f"version {version.version}{aliases} is refused: {error.what}"
    if sound is None:
        refit = command("fit", version.model, programme=version.programme)
        # Without --force it would stay behind a champion with which it cannot be compared.
        return StorageError(what, where=version.name, remedy=f'No other version of it can be loaded: {refit} --force --reason "...".')
    alias = f"{', '.join(sound.aliases)} (version {sound.version})" if sound.aliases else f"version {sound.version}"
    promote = command("models promote", sound.model, sound.version, programme=sound.programme)
    return StorageError(what, where=version.name, remedy=f'Instead {alias} would serve: {promote} --reason "...".')


def unchecked(version: ModelVersion) -> Remark:
    """Return the remark on a version that was registered before digests were kept."""
    return Remark(
        "model_without_digest",
        f"{version.name} version {version.version} was registered before digests of saved models were kept: its numbers were checked "
        "for plausibility when it was loaded, and a change of its files since then cannot be excluded. Fit it again to have one.",
        f"{version.name}, version {version.version}, date d’avant la conservation des empreintes de modèles : la plausibilité de ses "
        "valeurs a été vérifiée au chargement, mais une modification de ses fichiers reste possible. Un nouvel ajustement y remédie.",
    )


def _by_preference(others: Sequence[ModelVersion], refused: ModelVersion) -> list[ModelVersion]:
    """Return the other versions: the champion, the challenger, those with another alias, then the newest."""

    def rank(version: ModelVersion) -> tuple[int, int]:
        places = [_ORDER.index(alias) if alias in _ORDER else len(_ORDER) for alias in version.aliases]
        return min(places, default=len(_ORDER) + 1), -int(version.version)

    return sorted((other for other in others if other.version != refused.version), key=rank)


def _loads(version: ModelVersion, read: Callable[[ModelVersion], Fitted]) -> bool:
    try:
        read(version)
    except StorageError:
        return False
    return True
