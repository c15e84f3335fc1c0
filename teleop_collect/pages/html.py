"""HTML text: escaping, tables, and the page around everything."""

from collections.abc import Iterable, Sequence
from html import escape

STYLE = """
body{font:14px/1.45 system-ui,sans-serif;margin:2em auto;max-width:1100px;padding:0 1em;color:#222}
h1{font-size:1.5em}h2{font-size:1.15em;margin:2em 0 .4em;border-top:1px solid #ddd;padding-top:1em}
h3{font-size:1em;margin:1.2em 0 .3em}
table{border-collapse:collapse;margin:.4em 0;width:100%}
th,td{text-align:left;padding:.2em .6em;border-bottom:1px solid #eee;vertical-align:top}
th{background:#f6f6f6;font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}
.v{border-radius:3px;padding:.1em .5em;color:#fff;font-weight:600}
.pass{background:#2a7d3f}.review{background:#b37400}.fail{background:#b3261e}.info{background:#5b6b7a}
.images img{margin:2px;border:1px solid #ccc;image-rendering:auto}
.plots{display:flex;flex-wrap:wrap;gap:8px}figure{margin:0}figcaption{font-size:12px;color:#555}
code{font-size:12px}
svg{background:#fcfcfc;border:1px solid #eee}svg[viewBox]{max-width:100%;height:auto}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
@page{margin:12mm}
@media print{body{margin:0;max-width:none;font-size:11px}
h2{break-before:page;border:0}h2,h3,th{break-after:avoid}
figure,tr,img,svg{break-inside:avoid}td{overflow-wrap:anywhere}}
"""
# Text of an episode can come from anybody: nothing in the page may run or load.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

VERDICTS = ("pass", "review", "fail", "info")


class Html(str):
    """Text that is HTML already and must not be escaped again."""

    __slots__ = ()


def text(value: object) -> Html:
    """Any value as HTML."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def badge(verdict: str) -> Html:
    """A verdict or severity in its colour."""
    kind = verdict if verdict in VERDICTS else "info"
    return Html(f'<span class="v {kind}">{escape(verdict)}</span>')


def drawing(width: float, height: float, content: str) -> Html:
    """An SVG of a size in px that shrinks with a narrow page, as paper is."""
    return Html(
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}">'
        f"{content}</svg>"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    """A table; numbers stand to the right."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in rows)
    return Html(f"<table><tr>{head}</tr>{body}</table>")


def number(value: float | None, digits: int = 2) -> object:
    """A number for a cell; a dash where there is none."""
    return "-" if value is None else _Number(f"{value:.{digits}f}")


def page(title: str, body: str) -> str:
    """A whole document."""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


class _Number(str):
    """Text of a number."""

    __slots__ = ()


def _cell(value: object) -> str:
    kind = ' class="n"' if isinstance(value, _Number | int | float) else ""
    return f"<td{kind}>{text(value)}</td>"
