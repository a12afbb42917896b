from canlian_overview.evidence import Evidence
from canlian_overview.overview import FIGURES, CommunityFigures, Figure, Overview, ServiceRates, overview
from canlian_overview.rates import Period, Rate

__all__ = [
    "FIGURES",
    "CommunityFigures",
    "Evidence",
    "Figure",
    "Overview",
    "Period",
    "Rate",
    "ServiceRates",
    "overview",
]
