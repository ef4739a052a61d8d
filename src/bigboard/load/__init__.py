"""A load of clients for a server of one's own: it measures delivery, and proves that nothing was left out."""

from bigboard.load.plan import Bounds, LoadPlan
from bigboard.load.report import Report
from bigboard.load.run import Moment, run_load
from bigboard.load.survey import WATCHABLE
from bigboard.load.target import Target, client_tls, find_target

__all__ = ["WATCHABLE", "Bounds", "LoadPlan", "Moment", "Report", "Target", "client_tls", "find_target", "run_load"]
