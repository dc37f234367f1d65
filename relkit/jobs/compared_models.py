"""Comparisons of the models of a family that earlier fits have kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from relkit.periods import AsOf
    from relkit.remarks import Remark


def behind_another(model: str, programme: str, as_of: AsOf) -> Remark | None:
    """Return the remark that another candidate was clearly ahead of a model when their family was last compared; None if none was.

    The comparison is the one kept with the newest version that has one and learnt up to `as_of` or earlier, of the model that was chosen
    in the family.

    Args:
        model: name of the model.
        programme: whose versions are read.
        as_of: day up to which comparisons are known.
    """
    from relkit.models.behind import behind
    from relkit.models.catalogue import family
    from relkit.tracking import registry

    own = family(model)
    chosen = [name for name in registry.chosen_models(programme) if family(name) is own]
    if not chosen or own.yardstick is None or own.texts is None:
        return None
    for version in registry.versions(registry.registered_name(chosen[0], programme)):
        if version.as_of > as_of.day:
            continue
        table, differences = (registry.kept_frame(version, name) for name in ("model_comparison", "model_differences"))
        if table is not None and differences is not None:
            return behind(model, table, differences, own.yardstick.measures, own.texts)
    return None
