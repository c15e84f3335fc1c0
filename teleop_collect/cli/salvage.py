"""Recover an interrupted episode, or what is readable of any MCAP file; never changes the original.

An unfinished episode below ROOT/inprogress becomes an episode below ROOT/episodes, marked as
recovered. Any other file gets a sibling NAME.recovered.mcap.

Exit code: 0 nothing was lost, 3 recovered but something was (or may have been) lost,
1 nothing can be recovered, 2 no such file.

Example: teleop-collect salvage ~/teleop_collect/inprogress/20261120T093000Z-sim_tabletop-a1b2c3
"""

import argparse
from pathlib import Path

from teleop_collect.cli.output import print_json
from teleop_collect.recording.salvage import SalvageReport, salvage


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this verb's options."""
    parser.add_argument("path", type=Path, metavar="PATH", help="folder or MCAP file")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Recover one file."""
    report = salvage(args.path.expanduser())
    if args.json:
        print_json(document(report))
    else:
        print(f"recovered {report.messages} messages into {report.output}")
        for reason in report.reasons:
            print(f"  {reason}")
    return report.exit_code


def document(report: SalvageReport) -> dict[str, object]:
    """The report as JSON values."""
    return {
        "source": str(report.source),
        "output": str(report.output),
        "messages": report.messages,
        "chunks_discarded": report.chunks_discarded,
        "records_discarded": report.records_discarded,
        "bytes_ignored": report.bytes_ignored,
        "lossless": report.lossless,
        "reasons": list(report.reasons),
    }
