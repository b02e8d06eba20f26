"""What `hdv upload` and `hdv status` say about a study."""

from hdv.client.upload_outcome import summary


def test_a_study_that_was_sent_again_names_the_one_that_was_archived_before() -> None:
    files = {"received": 2, "accepted": 0, "rejected": 0, "duplicates": 2}
    record = {"status": "archived", "files": files, "duplicate_of": ["0b1c"]}
    assert summary(record) == (
        "archived: 2 received, 2 duplicate; nothing new: archived before as 0b1c"
    )
