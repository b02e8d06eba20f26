"""The commands of `hdv studies`."""

from hdv.cli.app import App
from hdv.cli.options import GATEWAY_URL, Format, StudyIds, Url, Yes

app = App("studies", "Delete studies.", extra="client")


@app.callback()
def studies() -> None:
    """Delete studies."""


@app.add("hdv studies delete 0b1c9c5e-3f0f-4b7f-8f5e-2f3a9d1b6c11 --yes")
def delete(
    study_ids: StudyIds,
    yes: Yes = False,
    form: Format = "text",
    url: Url = GATEWAY_URL,
) -> None:
    """Delete studies permanently, from archive and quarantine.

    A study that is being processed is not deleted; one whose status is error is.
    """
    from hdv.client.studies import delete as run

    run(study_ids, url, confirmed=yes, json=form == "json")
