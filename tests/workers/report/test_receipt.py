"""Commands, and what must not be on a page that is mailed around."""

from workers.report.receipt import receipt, without_secrets


def test_passwords_leave_addresses_at_any_depth() -> None:
    value = {"url": ["https://user:pass@shop.test/a@b"], "n": 3, "lake": "s3://key:secret@bucket/x"}

    assert without_secrets(value) == {"url": ["https://shop.test/a@b"], "n": 3, "lake": "s3://bucket/x"}


def test_nothing_done_gives_an_empty_receipt() -> None:
    assert receipt([], "lake").runs == [] and receipt([], "lake").commands == []
