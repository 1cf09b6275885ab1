"""Amazon reviews as UCSD publishes them: gzipped JSON lines of reviews and of product metadata.

Layouts of 2014 (McAuley et al. 2015; its metadata lines are Python literals), 2018 (Ni, Li and McAuley 2019)
and 2023 (Hou et al. 2024). A review is an interaction at the time it was written. Choices, where the files
leave one:

* A product described twice keeps its first description.
* The description alone is the text. Tags and character references are taken out; what then is blank is
  missing.
* A title that holds the page's script (2018) is missing.
* Categories are the distinct labels of all paths of a product, in the order in which they occur.
* The picture is the first address in high resolution, else the first (2023: the main one first).
* 2023 counts variants of a product as one (``parent_asin``) and has times in milliseconds, which are cut to
  seconds.
"""

from __future__ import annotations

import ast
import html
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from bench.data.database import open_database, quoted_text
from bench.data.hashing import file_hash
from bench.data.sources.base import Progress, RawFiles, Source
from bench.data.sources.files import Locate, data_file
from bench.data.sources.jsonlines import Check, explained, find_wrong_line, from_lines, open_bytes
from bench.errors import InputError
from bench.suite.dataset_settings import AmazonSettings

LATEST = 4_102_444_800  # 2100-01-01: later times are a wrong unit, not a date
_THREADS = 2  # unpacking takes one, whatever there is


@dataclass(frozen=True)
class Layout:
    """Where a layout keeps what; the last three are SQL over the keys of a metadata line.

    Attributes:
        user: key of a review.
        item: key of a review.
        time: key of a review.
        per_second: what the times count.
        id: key of a metadata line.
        keys: further keys of a metadata line that are read.
        text: the description.
        paths: the category paths.
        url: the address of a picture, or NULL.
    """

    user: str
    item: str
    time: str
    per_second: int
    id: str
    keys: tuple[str, ...]
    text: str
    paths: str
    url: str


_STRINGS = "json_extract_string({}, '$[*]')"
_DESCRIPTION = (
    "case json_type(description)"
    " when 'ARRAY' then array_to_string(json_extract_string(description, '$[*]'), ' ')"
    " when 'VARCHAR' then description ->> '$' else '' end"
)

LAYOUTS = {
    "2014": Layout(
        *("reviewerID", "asin", "unixReviewTime", 1, "asin"),
        keys=("title", "description", "categories", "imUrl"),
        text=_DESCRIPTION,
        paths="cast(categories as varchar[][])",
        url="nullif(imUrl ->> '$', '')",
    ),
    "2018": Layout(
        *("reviewerID", "asin", "unixReviewTime", 1, "asin"),
        keys=("title", "description", "category", "imageURL", "imageURLHighRes"),
        text=_DESCRIPTION,
        paths=f"[{_STRINGS.format('category')}]",
        url="nullif(coalesce(imageURLHighRes ->> '$[0]', imageURL ->> '$[0]'), '')",
    ),
    "2023": Layout(
        *("user_id", "parent_asin", "timestamp", 1000, "parent_asin"),
        keys=("title", "description", "categories", "images"),
        text=_DESCRIPTION,
        paths=f"[{_STRINGS.format('categories')}]",
        url="""nullif(list_transform(
            [coalesce(
                list_filter(
                    json_extract(images, '$[*]'), lambda picture: (picture ->> 'variant') = 'MAIN'
                )[1],
                json_extract(images, '$[0]')
            )],
            lambda picture: coalesce(picture ->> 'hi_res', picture ->> 'large')
        )[1], '')""",
    ),
}

# An identifier is a string that is not empty; a time is a number between 1970 and 2100. What is neither is
# NULL and looked up in the file afterwards.
_REVIEWS = """
copy (
    select
        case when json_type("{user}") = 'VARCHAR' then nullif("{user}" ->> '$', '') end as "user",
        case when json_type("{item}") = 'VARCHAR' then nullif("{item}" ->> '$', '') end as item,
        case when json_type("{time}") in ('UBIGINT', 'BIGINT')
                and cast("{time}" as hugeint) between 0 and {latest}
            then cast("{time}" as bigint) // {per_second} end as "timestamp"
    from {lines}
) to {target} (format parquet)
"""
_UNKNOWN = 'select count(*) from read_parquet(?) where "user" is null or item is null or "timestamp" is null'
_PRODUCTS = """
copy (
    select
        case when json_type("{id}") = 'VARCHAR' then nullif("{id}" ->> '$', '') end as id,
        coalesce(title ->> '$', '') as title,
        coalesce({text}, '') as text,
        coalesce({paths}, []) as paths,
        {url} as url
    from {lines}
) to {target} (format parquet)
"""
# The first description of every product that has a review, in the order of the file: said, because DuckDB
# keeps the order of what it reads, but not that of a join.
_ITEMS = """
copy (
    select
        id,
        case when contains(title, 'getTime') then '' else title end as title,
        case when regexp_replace(text, '<[^>]*>|&[#A-Za-z0-9]+;|\\s', '', 'g') = '' then '' else text end
            as text,
        list_distinct_in_order(flatten(paths)) as categories,
        cast(null as varchar) as image,
        paths,
        url
    from (
        select * replace (
            list_transform(paths, lambda path: list_transform(path, lambda label: plain(label))) as paths
        )
        from read_parquet({products}, file_row_number = true)
        where file_row_number in (
            select min(file_row_number) from read_parquet({products}, file_row_number = true) group by id
        )
        and id in (select item from read_parquet({reviews}))
    )
    order by file_row_number
) to {target} (format parquet)
"""
_MACROS = """
create macro plain(label) as
    trim(replace(replace(replace(label, '&amp;', '&'), '&quot;', '"'), '&#39;', ''''));
create macro list_distinct_in_order(labels) as
    list_filter(labels, lambda label, place: label <> '' and list_position(labels, label) = place);
"""


class Amazon(Source):
    """One category of products."""

    def __init__(self, settings: AmazonSettings, locate: Locate = data_file) -> None:
        self.settings = settings
        self._locate = locate

    def collect(self, folder: Path, progress: Progress | None = None) -> RawFiles:
        """Stream both files into Parquet; memory does not grow with them."""
        layout = LAYOUTS[self.settings.layout]
        names = self.settings.files
        reviews, metadata = (self._locate(name) for name in names)
        interactions, items = folder / "interactions.parquet", folder / "items.parquet"
        database = open_database(folder / "spill", threads=_THREADS)
        try:
            database.execute(_MACROS)
            _say(progress, f"read {reviews.name}", 0)
            _read_reviews(database, reviews, layout, interactions)
            _say(progress, f"read {metadata.name}", 1)
            lines = metadata
            if self.settings.layout == "2014":
                lines = folder / "metadata.json"
                _literals_to_json(metadata, lines, _product_check(layout))
            _read_products(database, lines, layout, interactions, items)
            _say(progress, "read both", 2)
        finally:
            database.close()
        hashes = {name: file_hash(file) for name, file in zip(names, (reviews, metadata), strict=True)}
        return RawFiles(interactions, items, hashes)

    def tidy(self, items: pa.RecordBatch) -> pa.RecordBatch:
        """Titles and texts without tags, character references and runs of blanks."""
        for column in ("title", "text"):
            cleaned = pa.array([clean(value) for value in items[column].to_pylist()], pa.string())
            items = items.set_column(items.schema.get_field_index(column), column, cleaned)
        return items


_TAG = re.compile(r"<[^>]*>")


def clean(text: str) -> str:
    """``"<b>Fun</b> &amp;<br>games"`` as ``"Fun & games"``."""
    return " ".join(html.unescape(_TAG.sub(" ", text)).split())


def _say(progress: Progress | None, what: str, done: int) -> None:
    if progress is not None:
        progress(what, done, 2)


def _read_reviews(database: duckdb.DuckDBPyConnection, file: Path, layout: Layout, target: Path) -> None:
    check = _review_check(layout)
    query = _REVIEWS.format(
        user=layout.user,
        item=layout.item,
        time=layout.time,
        latest=LATEST * layout.per_second - 1,
        per_second=layout.per_second,
        lines=from_lines(file, [layout.user, layout.item, layout.time]),
        target=quoted_text(str(target)),
    )
    with explained(file, check):
        database.execute(query)
    unknown = database.execute(_UNKNOWN, [str(target)]).fetchone()
    if unknown is not None and unknown[0]:
        find_wrong_line(file, check)
        raise AssertionError(f"{file}: the query refuses {unknown[0]} lines that the check accepts")


def _review_check(layout: Layout) -> Check:
    def check(review: dict[str, Any]) -> str | None:
        for key in (layout.user, layout.item):
            if not isinstance(review.get(key), str) or not review[key]:
                return f"`{key}` is {_shown(review, key)}, not an identifier"
        time = review.get(layout.time)
        if not isinstance(time, int) or isinstance(time, bool):
            return f"`{layout.time}` is {_shown(review, layout.time)}, not a whole number"
        if not 0 <= time < LATEST * layout.per_second:
            unit = "seconds" if layout.per_second == 1 else "milliseconds"
            return f"`{layout.time}` is {time}, which is no time between 1970 and 2100 in {unit}"
        return None

    return check


def _product_check(layout: Layout) -> Check:
    def check(product: dict[str, Any]) -> str | None:
        if not isinstance(product.get(layout.id), str) or not product[layout.id]:
            return f"`{layout.id}` is {_shown(product, layout.id)}, not an identifier"
        return None

    return check


def _shown(found: dict[str, Any], key: str) -> str:
    return json.dumps(found[key])[:60] if key in found else "missing"


def _read_products(
    database: duckdb.DuckDBPyConnection,
    lines: Path,
    layout: Layout,
    interactions: Path,
    target: Path,
) -> None:
    """Read the products that have reviews."""
    products = target.with_name("products.parquet")
    check = _product_check(layout)
    query = _PRODUCTS.format(
        id=layout.id,
        text=layout.text,
        paths=layout.paths,
        url=layout.url,
        lines=from_lines(lines, [layout.id, *layout.keys]),
        target=quoted_text(str(products)),
    )
    with explained(lines, check):
        database.execute(query)
    unknown = database.execute(
        "select count(*) from read_parquet(?) where id is null", [str(products)]
    ).fetchone()
    if unknown is not None and unknown[0]:
        find_wrong_line(lines, check)
    database.execute(
        _ITEMS.format(
            products=quoted_text(str(products)),
            reviews=quoted_text(str(interactions)),
            target=quoted_text(str(target)),
        )
    )
    products.unlink()


def _literals_to_json(file: Path, target: Path, check: Check) -> None:
    """Turn lines that hold Python literals (2014) into lines of JSON.

    Raises:
        InputError: a line holds none, or is refused by ``check``.
    """
    with open_bytes(file) as stream, target.open("w", encoding="utf-8") as written:
        for line, content in enumerate(stream, start=1):
            if not content.strip():
                continue
            try:
                found = ast.literal_eval(content.decode("utf-8"))
            except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
                raise InputError(f"the line is no Python literal: {error}", file=file, line=line) from error
            complaint = check(found) if isinstance(found, dict) else "the line holds no Python dict"
            if complaint is not None:
                raise InputError(complaint, file=file, line=line)
            written.write(json.dumps(found) + "\n")
