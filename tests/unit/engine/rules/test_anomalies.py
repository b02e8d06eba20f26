"""Anomalies: the reader knows no rules, so each kind must have one."""

from engine.encoding.anomaly import AnomalyKind
from engine.rules.anomalies import RULE_OF


def test_every_kind_of_anomaly_has_a_rule_of_its_own() -> None:
    assert set(RULE_OF) == set(AnomalyKind)
    assert len(set(RULE_OF.values())) == len(AnomalyKind)
