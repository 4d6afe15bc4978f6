"""A picture that follows sliders; where no kernel drives it, the picture of the starting values
stands.
"""

import inspect
import os
from dataclasses import dataclass
from typing import Any

from ivim.report.picture import html_image, png


@dataclass(frozen=True)
class Slider:
    """One number that a reader moves.

    Attributes
    ----------
    name : str
        Argument of the drawing function.
    label : str
    low, high, step : float
    """

    name: str
    label: str
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class Choice:
    """One of a few words.

    Attributes
    ----------
    name : str
        Argument of the drawing function.
    label : str
    options : tuple of str
    """

    name: str
    label: str
    options: tuple


class Explorer:
    """A drawing function with its controls.

    Parameters
    ----------
    draw : callable
        Takes a value for each control by name, all with defaults; gives a matplotlib figure and
        what it shows in words.
    controls : sequence of Slider or Choice
    """

    def __init__(self, draw, controls):
        self.draw, self.controls = draw, tuple(controls)

    @property
    def start(self) -> Any:
        """The values that the controls begin with, by name; dict."""
        defaults = inspect.signature(self.draw).parameters
        return {control.name: defaults[control.name].default for control in self.controls}

    def image(self, **values: Any) -> str:
        """The picture for some values.

        Parameters
        ----------
        **values
            By the names of the controls; those left out keep their start.

        Returns
        -------
        str
            An HTML image with its words.
        """
        import matplotlib.pyplot as plt

        figure, alt = self.draw(**(self.start | values))
        plt.close(figure)
        return html_image(png(figure), alt)

    def widget(self) -> Any:
        """Controls above the picture.

        Returns
        -------
        ipywidgets.VBox
        """
        import ipywidgets

        shown = ipywidgets.HTML(self.image())
        parts = [_control(control, self.start[control.name]) for control in self.controls]

        def follow(_):
            values = {c.name: part.value for c, part in zip(self.controls, parts, strict=True)}
            shown.value = self.image(**values)

        for part in parts:
            part.observe(follow, "value")
        return ipywidgets.VBox([*parts, shown])

    def _repr_mimebundle_(self, include=None, exclude=None):
        # A run without a reader stores the picture only: a widget without its kernel shows nothing,
        # and its random ids would make two runs differ.
        still = {"text/html": self.image(), "text/plain": f"sliders: {', '.join(self.start)}"}
        if os.environ.get("IVIM_RESULTS"):
            return still
        bundle, metadata = _bundle(self.widget())
        return still | bundle, metadata


def _control(control, value):
    import ipywidgets

    look = {"style": {"description_width": "14em"}, "layout": {"width": "34em"}}
    if isinstance(control, Choice):
        return ipywidgets.Dropdown(
            options=control.options, value=value, description=control.label, **look
        )
    kind = ipywidgets.IntSlider if isinstance(value, int) else ipywidgets.FloatSlider
    return kind(
        value=value,
        min=control.low,
        max=control.high,
        step=control.step,
        description=control.label,
        continuous_update=False,
        **look,
    )


def _bundle(widget):
    found = widget._repr_mimebundle_()
    return found if isinstance(found, tuple) else (found, {})
