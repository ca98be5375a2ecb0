"""What people type for table work: templates by kind of step, with `{slots}` to be filled.

A key such as `group` holds clauses that also join with others into a longer request; `group?`
holds whole sentences that stand alone. `[a|b]` in the source gives one template for each
alternative. Names of tables, values and the code that answers are made elsewhere.

One line in eight of a key, with all its alternatives, is kept for the held-out score: one
whose words the key's other lines use too, or most keys. A model that has read nothing else
cannot know what a word means that it has never met; what is asked is an unseen sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_WORD = re.compile(r"\{\w+\}|[a-z']+|[^\w\s\[\]|]")
_EVERY, _HELD = 8, 4
_COMMON = 0.15
"""A word in this share of the keys' lines is everybody's: "show", "the", "could"."""


def _expand(line: str) -> list[str]:
    """All readings of a line: each `[a|b]` becomes a, then b."""
    found = _CHOICE.search(line)
    if found is None:
        return [" ".join(line.split())]
    head, tail = line[: found.start()], line[found.end() :]
    return [text for choice in found[1].split("|") for text in _expand(head + choice + tail)]


def _lines(block: str) -> dict[str, list[str]]:
    """The lines under each `# key` heading."""
    parts = block.strip().removeprefix("# ").split("\n# ")
    return {key: lines for key, *lines in (part.splitlines() for part in parts)}


def _words(lines: Iterable[str]) -> set[str]:
    return {word for line in lines for word in _WORD.findall(line.lower())}


def _held(lines: Sequence[str], twin: Sequence[str], common: set[str]) -> list[str]:
    """The lines of a key that are kept from training; `twin` are those of its other form."""
    order = [*lines[_HELD:], *lines[:_HELD]]
    kept: list[str] = []
    for line in order:
        others = [other for other in lines if other != line and other not in kept]
        if len(kept) < max(1, len(lines) // _EVERY) and _words([line]) <= (
            common | _words(others) | _words(twin)
        ):
            kept.append(line)
    return kept or order[:1]


def _split() -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The templates of each key for training, and those for the held-out score."""
    keys = {key: lines for block in _BLOCKS for key, lines in _lines(block).items()}
    uses = Counter(word for lines in keys.values() for word in _words(lines))
    common = {word for word, count in uses.items() if count >= len(keys) * _COMMON}
    trained: dict[str, tuple[str, ...]] = {}
    held_out: dict[str, tuple[str, ...]] = {}
    kept: dict[str, list[str]] = {}
    for key, lines in keys.items():
        twin = key.removesuffix("?") if key.endswith("?") else f"{key}?"
        spoken = [line for line in keys.get(twin, []) if line not in kept.get(twin, [])]
        held = kept[key] = _held(lines, spoken, common)
        readings = dict.fromkeys(text for line in held for text in _expand(line))
        held_out[key] = tuple(readings)
        rest = (text for line in lines if line not in held for text in _expand(line))
        trained[key] = tuple(text for text in dict.fromkeys(rest) if text not in readings)
    return trained, held_out


_READ = """
# load
[load|read|open|import|read in|load in|load up|get|fetch|pull in|bring in] {file}
[load|read|open|import] the file {file}
[load|read|import] the data [from|in] {file}
[load|read] {file} [with pandas|into a dataframe|into a table|into pandas]
make a [dataframe|table] [from|out of] {file}
start [from|with] {file}
take the data from {file}
pd read {file}
get the data out of {file}
# load?
[can I have|I need] the data from {file} as a [table|dataframe]
how do I [load|read|open] {file}?
the data is in {file}, [load it|read it|open it]
I have a file called {file}, [load it|read it in|open it please]
there is a file {file} here, get it into pandas
we'll work with {file}, so read it first
could we open {file}?
# load_as
[load|read|import|open] {file} [as|into] {name}
[load|read] {file} and [call it|name it|call the table] {name}
[load|read] the file {file} into [a variable named|a dataframe called|the variable] {name}
{name} = [the contents of|the data in|] {file}
[put|store|save] [the contents of|the data from|] {file} in {name}
make a [dataframe|table] {name} [from|out of] {file}
create {name} from {file}
get {file} as {name}
assign the data in {file} to {name}
# load_as?
can I have {file} as {name}?
I need {file} in a dataframe called {name}
the data is in {file}, load it as {name}
there is a file {file}, read it and call it {name}
I want a variable {name} that holds the data of {file}
could you read {file}? the table should be called {name}
{name} should be the table from {file}
"""

_LOOK = """
# head
[show|display|print|give me|list|view|see] the first {n} rows
[show|print|display] [the top|the leading] {n} rows
[first {n}|the first {n}] [rows|lines|records|entries]
head {n}
head({n})
preview {n} rows
peek at the first {n} [rows|records]
show me {n} rows from the [start|beginning|top]
look at the first {n} [rows|lines]
take the first {n} rows
# head?
what do the first {n} [rows|records|lines] look like?
can I see the first {n} rows?
what is in the first {n} rows?
which {n} rows come first?
I'd like to see the first {n} rows
give me a quick look, the first {n} rows will do
how does it look? first {n} rows
# tail
[show|display|print|give me|list|view|see] the last {n} rows
[last {n}|the last {n}|the final {n}] [rows|lines|records|entries]
tail {n}
tail({n})
[show|print] the bottom {n} rows
peek at the last {n} [rows|records]
show me {n} rows from the end
look at the last {n} [rows|lines]
take the last {n} rows
# tail?
what do the last {n} [rows|records|lines] look like?
can I see the last {n} rows?
what is in the last {n} rows?
how does it end? last {n} rows
I'd like to see the last {n} rows
which {n} rows come last?
what is at the end? show {n} rows
# columns
[list|show|print|display|give me|get] the [column names|columns|names of the columns]
[column names|columns|list of columns|all column names]
[list|show] all columns
show me what columns [there are|we have]
name the columns
print the field names
show the header names
# columns?
[what|which] columns [are there|do we have|does it have|exist]?
what are the columns [called|named]?
what are the column names?
what are the names of the columns?
what fields are there?
which variables do we have?
what can I work with, which columns?
# dtypes
[show|list|print|display|give me|check|get] the [column types|data types|dtypes]
[dtypes|data types|column types|types of the columns|types of all columns]
show the [type|data type|dtype] of [each|every] column
list each column's type
check which type each column has
inspect the types of the columns
print what type every column is
# dtypes?
what [types|data types|dtypes] do the columns have?
what are the [dtypes|column types|data types]?
what type is each column?
which columns are [numbers|numeric] and which are text?
of what type are the columns?
which data type does every column have?
are the columns text or numbers? show the types
# describe
[show|give me|print|display|compute|get] [summary statistics|the summary statistics]
[describe|summary statistics|descriptive statistics|summary stats|basic statistics]
describe the [numeric columns|numbers|data]
[compute|calculate|show] [descriptive|basic] statistics
summarize the numeric columns
summarise the numbers
get an overview of the statistics
give a statistical [summary|overview]
run describe
show count, mean, std and quartiles of all numeric columns
# describe?
what are the [summary|basic|descriptive] statistics?
what do the summary statistics look like?
can I get the summary stats?
can I see a statistical summary?
how are the numeric columns distributed? summary statistics please
I'd like an overview of means, quartiles and so on for the numeric columns
how do the numbers look overall? describe them
# shape
[show|print|give me|get|tell me|check] the [shape|number of rows and columns|dimensions]
[shape|dimensions|number of rows and columns|size in rows and columns]
count the rows and [columns|the columns]
[show|print|tell me] how many rows and columns there are
print the shape
row and column count
# shape?
how many rows and columns [are there|do we have|does it have]?
what is the shape?
what are the dimensions?
how big is it, in rows and columns?
how large is the data? rows and columns
what's the number of rows and columns?
how many rows? and how many columns?
# missing_count
[count|show|print|list|give me] the missing values [per|in each|in every|of each|by] column
[missing values|number of missing values|missing count|nulls|NaN count|NAs] per column
[count|check] the [NaNs|nulls|NAs|empty cells] [per|in each] column
show how many values are missing in each column
check for missing values in each column
sum of isna per column
# missing_count?
how many [missing values|NaNs|nulls|empty cells|gaps] are there [in each column|per column]?
how many values are missing [in each|per|in every] column?
how much is missing in each column?
how many NAs does every column have?
are there missing values? count them per column
how complete are the columns? count the missing values in each
# unique
[show|list|print|give me|get|display|find] the [unique|distinct|different] values [of|in] {c}
[unique|distinct|different] values [of|in] {c}
unique {c}
distinct {c}
[list|show] all the different {c} values
show every {c} value once
list {c} without repeats
{c}: unique values
# unique?
[what|which] [different|distinct|unique] values does {c} have?
[what|which] values are there in {c}?
what are the [unique|distinct] values of {c}?
which values occur in {c}?
what different {c} values are there?
which {c} do we have?
what can {c} be? list the distinct values
# nunique
[count|show|print|give me|get] the number of [unique|distinct|different] values [of|in] {c}
[number of|count of] [unique|distinct|different] [values in|] {c}
count [distinct|unique|different] {c}
nunique of {c}
count the [unique|distinct] values of {c}
count how many different {c} there are
how many distinct {c} values there are
# nunique?
how many [different|distinct|unique] {c} [values are there|are there|do we have]?
how many [different|distinct|unique] values does {c} have?
how many unique values are in {c}?
what is the number of distinct {c}?
what's the distinct count of {c}?
in {c}, how many different values occur?
# counts
[show|get|compute|print|give me] the value counts [of|for] {c}
[value counts|frequencies|frequency table|counts|tally|frequency] of {c}
value_counts {c}
[count|tally] the values [of|in] {c}
[count|show] how often each {c} [occurs|appears|comes up]
make a frequency table of {c}
count each value of {c}
count the occurrences of each {c} value
{c} frequencies
{c} value counts
# counts?
how often does each {c} [occur|appear|come up]?
how often does each value of {c} [occur|appear]?
how many times does each {c} appear?
what are the value counts of {c}?
what is the frequency of each {c} value?
how are the values of {c} distributed, as counts?
which values of {c} are most common? value counts
"""

_FILTER = """
# filter_gt
[keep|show|select|get|find|give me|list] [the|only|only the|all] rows [where|with] {c} > {x}
[keep|show|select|find] rows where {c} is [greater than|more than|above|larger than|over] {x}
[rows|only rows|those|records|entries] [with|where] {c} [above|over|greater than|>] {x}
filter [to|for|on] {c} [>|above|greater than|over] {x}
filter {c} > {x}
{c} > {x}
{c} [greater than|above|over|more than|exceeding] {x}
keep everything with {c} higher than {x}
restrict to {c} above {x}
drop everything with {c} of {x} or less
subset where {c} exceeds {x}
# filter_gt?
which [rows|ones|records|entries] have [a {c}|{c}] [above|over|greater than|larger than] {x}?
which rows have more than {x} in {c}?
where is {c} [greater than|above|more than|over] {x}?
what are the rows where {c} exceeds {x}?
can I see only those with {c} over {x}?
I only need rows with {c} above {x}
# filter_lt
[keep|show|select|get|find|give me|list] [the|only|only the|all] rows [where|with] {c} < {x}
[keep|show|select|find] rows where {c} is [less than|smaller than|below|lower than|under] {x}
[rows|only rows|those|records|entries] [with|where] {c} [below|under|less than|<] {x}
filter [to|for|on] {c} [<|below|less than|under] {x}
filter {c} < {x}
{c} < {x}
{c} [less than|below|under|smaller than] {x}
keep everything with {c} lower than {x}
restrict to {c} below {x}
drop everything with {c} of {x} or more
# filter_lt?
which [rows|ones|records|entries] have [a {c}|{c}] [below|under|less than|smaller than] {x}?
which rows have less than {x} in {c}?
where is {c} [less than|below|smaller than|under] {x}?
what are the rows where {c} is lower than {x}?
can I see only those with {c} under {x}?
I only need rows with {c} below {x}
# filter_ge
[keep|show|select|get|find|give me] [the|only|only the|all] rows [where|with] {c} >= {x}
[keep|show|select|find] rows where {c} is [at least|greater than or equal to|no less than] {x}
[rows|only rows|those|records|entries] [with|where] {c} [at least|>=|of at least] {x}
filter [to|for|on] {c} [>=|at least] {x}
filter {c} >= {x}
{c} >= {x}
{c} [at least|not less than|not below] {x}
keep everything with {c} {x} or [more|higher|above]
restrict to {c} of {x} and [up|more]
drop everything with {c} below {x}
# filter_ge?
which [rows|ones|records|entries] have [a {c}|{c}] of [at least|minimum] {x}?
which rows have {x} or more in {c}?
where is {c} [at least|greater than or equal to] {x}?
what are the rows where {c} is {x} or higher?
can I see only those with {c} of at least {x}?
I only need rows with {c} at {x} or above
# filter_le
[keep|show|select|get|find|give me] [the|only|only the|all] rows [where|with] {c} <= {x}
[keep|show|select|find] rows where {c} is [at most|less than or equal to|no more than] {x}
[rows|only rows|those|records|entries] [with|where] {c} [at most|<=|of at most] {x}
filter [to|for|on] {c} [<=|at most] {x}
filter {c} <= {x}
{c} <= {x}
{c} [at most|not more than|not above|up to and including] {x}
keep everything with {c} {x} or [less|lower|below]
restrict to {c} of {x} and [down|less]
drop everything with {c} above {x}
# filter_le?
which [rows|ones|records|entries] have [a {c}|{c}] of [at most|maximum] {x}?
which rows have {x} or less in {c}?
where is {c} [at most|less than or equal to] {x}?
what are the rows where {c} is {x} or lower?
can I see only those with {c} of at most {x}?
I only need rows with {c} at {x} or below
# filter_eq
[keep|show|select|get|find|give me|list] [the|only|only the|all] rows [where|with] {c} [is|=|==] {x}
[keep|show|select|find] rows [whose|where the] {c} [equals|is equal to|is] {x}
[rows|only rows|records|entries] [with|where] {c} [is|equal to|equals|==] {x}
filter [to|for|on|by] {c} [=|==|equal to|is] {x}
filter {c} == {x}
{c} == {x}
only {x} in {c}
keep only the {x} rows of {c}
restrict to {x} in {c}
drop everything where {c} is not {x}
just the rows that have {x} as {c}
# filter_eq?
which [rows|ones|records|entries] have {x} [as|in|as their] {c}?
where is {c} [equal to|the same as|exactly] {x}?
which rows belong to {x} in {c}?
what are the rows where {c} is {x}?
can I see only those with {c} {x}?
I only need rows with {x} in {c}
I am only interested in {c} {x}
# filter_ne
[keep|show|select|get|find|give me] [the|only|only the|all] rows where {c} [is not|!=|isn't] {x}
[keep|show|select|find] rows [whose|where the] {c} [is not|does not equal|differs from] {x}
[rows|only rows|records|entries] where {c} [is not|is anything but|does not equal] {x}
[drop|remove|exclude|leave out|filter out|throw out] rows [where|with] {c} [is|equal to|==] {x}
[exclude|leave out|drop|filter out] {x} [in|from] {c}
filter {c} != {x}
{c} != {x}
{c} not equal to {x}
everything except {x} in {c}
keep all {c} but {x}
# filter_ne?
which [rows|ones|records|entries] do not have {x} [as|in] {c}?
where is {c} [not|different from|not equal to|other than] {x}?
what are the rows where {c} isn't {x}?
can I see everything except {c} {x}?
I don't need the rows with {c} {x}, remove them
I want everything but {x} in {c}
# filter_contains
[keep|show|select|get|find|give me|list] [the|only the|all] rows where {c} contains {x}
[keep|show|select|find] rows [whose|where the] {c} [contains|includes|has] the text {x}
[rows|only rows|records|entries] where {c} [contains|includes|has in it] {x}
filter [to|for|on] {c} containing {x}
[search|look] in {c} for the text {x}
{c} contains {x}
find {x} anywhere in the text of {c}
keep rows with {x} somewhere in {c}
rows with {x} as part of {c}
restrict to {c} with {x} inside
search {c} for {x}
# filter_contains?
which [rows|ones|records|entries] [contain|mention|include] {x} in [the text of|] {c}?
where does {c} [contain|include|mention] {x}?
which {c} [contain|contains|include] {x}?
what are the rows where {c} contains {x}?
can I see only those with {x} somewhere in {c}?
I only need rows whose {c} contains {x}
# filter_between
[keep|show|select|get|find|give me|list] [the|only|all] rows [where|with] {c} between {x} and {y}
[keep|show|select|find] rows where {c} is [between|from|in the range] {x} [and|to] {y}
[rows|only rows|records|entries] [with|where] {c} [between {x} and {y}|from {x} to {y}]
filter [to|for|on] {c} [between {x} and {y}|from {x} to {y}]
{c} [between {x} and {y}|from {x} to {y}|in {x}..{y}]
{x} <= {c} <= {y}
keep {c} in the range {x}-{y}
restrict {c} to the interval from {x} to {y}
keep rows with {c} at least {x} and at most {y}
rows where {c} lies between {x} and {y} inclusive
# filter_between?
which [rows|ones|records|entries] have [a {c}|{c}] between {x} and {y}?
where is {c} [between|somewhere between] {x} and {y}?
where does {c} lie between {x} and {y}?
which rows fall in the {c} range {x} to {y}?
can I see only those with {c} from {x} to {y}?
I only need rows with {c} between {x} and {y}
# filter_in
[keep|show|select|get|find|give me|list] [the|only|all] rows where {c} is [either |]{x} or {y}
[keep|show|select|find] rows [whose|where the] {c} is [one of {x}, {y}|{x} or {y}]
[rows|only rows|records|entries] [with|where] {c} [is {x} or {y}|in {x}, {y}|one of {x}, {y}]
filter [to|for|on] {c} in [{x}, {y}|({x}, {y})]
filter {c} to {x} and {y}
{c} in [{x}, {y}|({x}, {y})]
{c} {x} or {y}
only {x} and {y} in {c}
keep just {x} and {y} in {c}
restrict {c} to {x} or {y}
drop everything where {c} is neither {x} nor {y}
# filter_in?
which [rows|ones|records|entries] have {x} or {y} [as|in|as their] {c}?
where is {c} [either|one of] {x} or {y}?
what are the rows where {c} is {x} or {y}?
can I see only those with {c} {x} or {y}?
I only need rows with {x} or {y} in {c}
I'm only interested in {x} and {y} for {c}
# filter_after
[keep|show|select|get|find|give me|list] [the|only|only the|all] rows [where|with] {c} after {d}
[keep|show|select|find] rows where {c} is [after|later than|past] {d}
[rows|only rows|records|entries] [with|where] [the date |]{c} [after|later than] {d}
filter [to|for|on] {c} [after|later than|>] {d}
{c} [after|later than] {d}
keep everything with {c} later than {d}
restrict to dates in {c} after {d}
drop everything with {c} on or before {d}
keep what came after {d} by {c}
# filter_after?
which [rows|ones|records|entries] have [a {c}|{c}] [after|later than] {d}?
where is {c} [after|later than] {d}?
what [happened|came in] after {d} according to {c}?
which rows are dated after {d} in {c}?
can I see only those with {c} after {d}?
I only need rows with {c} after {d}
# filter_before
[keep|show|select|get|find|give me|list] [the|only|only the|all] rows [where|with] {c} before {d}
[keep|show|select|find] rows where {c} is [before|earlier than|prior to] {d}
[rows|only rows|records|entries] [with|where] [the date |]{c} [before|earlier than] {d}
filter [to|for|on] {c} [before|earlier than|<] {d}
{c} [before|earlier than] {d}
keep everything with {c} earlier than {d}
restrict to dates in {c} before {d}
drop everything with {c} on or after {d}
keep what came before {d} by {c}
# filter_before?
which [rows|ones|records|entries] have [a {c}|{c}] [before|earlier than] {d}?
where is {c} [before|earlier than] {d}?
what [happened|came in] before {d} according to {c}?
which rows are dated before {d} in {c}?
can I see only those with {c} before {d}?
I only need rows with {c} before {d}
# filter_missing
[keep|show|select|get|find|list] [the|only the|all] rows [where {c} is missing|with missing {c}]
[keep|show|select|find] rows where {c} is [empty|null|NaN|not given|blank or missing|missing]
[rows|only rows|records|entries] [with no|without|without a|with missing] {c}
filter to missing {c}
{c} is [missing|null|NaN|empty]
show where {c} has no value
list the gaps in {c}
rows that lack a {c}
# filter_missing?
which [rows|ones|records|entries] have [no|a missing|no value in] {c}?
where is {c} [missing|empty|null|NaN|not filled in]?
which rows lack a {c}?
for which rows is {c} missing?
what are the rows without {c}?
can I see only those where {c} is missing?
"""

_ORDER = """
# sort_asc
sort by {c}
sort [ascending by|in ascending order by|by ascending|in increasing order of] {c}
sort [the rows |]by {c}[ ascending| in ascending order| from low to high| from smallest to largest|]
order by {c}[ ascending| asc|, smallest first|]
[sort|order|arrange] [them |the rows |]by {c}, [lowest|smallest] first
[arrange|put] [the rows|it] in increasing order of {c}
ascending by {c}
sorted by {c}
rank the rows from lowest to highest {c}
# sort_asc?
can I see it sorted by {c}, [lowest|smallest] first?
what does it look like sorted by {c}?
how does it look in ascending order of {c}?
I'd like the rows in order of {c}, from small to large
what is the order by {c}, ascending?
could the rows be sorted by increasing {c}?
# sort_desc
sort [descending by|in descending order by|by descending|in decreasing order of] {c}
sort [the rows |]by {c} [descending|in descending order|from high to low|from largest to smallest]
order by {c}[ descending| desc|, largest first|, highest first]
[sort|order|arrange] [them |the rows |]by {c}, [highest|largest|biggest] first
[arrange|put] [the rows|it] in decreasing order of {c}
descending by {c}
reverse sort by {c}
rank the rows from highest to lowest {c}
# sort_desc?
can I see it sorted by {c}, [highest|largest|biggest] first?
what does it look like sorted by {c} descending?
how does it look in descending order of {c}?
I'd like the rows in order of {c}, from large to small
what is the order by {c}, descending?
could the rows be sorted by decreasing {c}?
# sort_two
sort by {a} [and|then|and then|, then] {b}
sort by {a}, {b}
sort [the rows |]by {a} and within that by {b}
order by {a}[, | and | then |, then by ]{b}
[sort|order|arrange] [the rows |]first by {a}, then by {b}
[sort|order] by {a}, ties by {b}
sort ascending by {a} and {b}
arrange by {a} and then by {b}
sort on {a} first and {b} second
sorted by {a} and {b}
sort by {a}, and for equal {a} by {b}
# sort_two?
can I see it sorted by {a} and then {b}?
what does it look like sorted by {a} and {b}?
I'd like the rows ordered by {a} first and {b} second
could the rows be in order of {a}, then {b}?
how does it look sorted by {a}, then {b}?
I need it ordered by {a}, and by {b} within the same {a}
# top
[show|get|find|give me|list|keep] the [top {n}|{n} top] [rows|records|entries] by {c}
[show|get|find|list|keep] the {n} [rows|records] with the [largest|highest|biggest|most] {c}
top {n} by {c}
top {n} {c}
[the |]{n} [largest|highest|biggest] [by|in] {c}
{n} rows with the [highest|largest] {c}
nlargest {n} of {c}
keep the {n} [biggest|largest] by {c}
# top?
which {n} [rows|records|ones|entries] have the [largest|highest|most|biggest] {c}?
what are the {n} rows with the [largest|highest] {c}?
what are the top {n} by {c}?
who or what is in the top {n} by {c}?
which are the {n} biggest in terms of {c}?
can I see the {n} rows with the most {c}?
# bottom
[show|get|find|give me|list|keep] the [bottom {n}|{n} bottom] [rows|records|entries] by {c}
[show|get|find|list|keep] the {n} [rows|records] with the [smallest|lowest|least] {c}
bottom {n} by {c}
bottom {n} {c}
[the |]{n} [smallest|lowest] [by|in] {c}
{n} rows with the [lowest|smallest] {c}
nsmallest {n} of {c}
keep the {n} [smallest|lowest] by {c}
# bottom?
which {n} [rows|records|ones|entries] have the [smallest|lowest|least] {c}?
what are the {n} rows with the [smallest|lowest] {c}?
what are the bottom {n} by {c}?
who or what is in the bottom {n} by {c}?
which are the {n} smallest in terms of {c}?
can I see the {n} rows with the least {c}?
"""

_GROUP = """
# group
[compute|calculate|show|get|find|work out] the {agg} [of |]{v} [per|by|for each|for every] {g}
{agg} [of |]{v} [per|by|for each|for every|grouped by|in each] {g}
{agg} {v} [per|by] {g}
group by {g} and [take|compute|get|show] the {agg} of {v}
groupby {g}, [take the |]{agg} of {v}
{agg}({v}) by {g}
for [each|every] {g}, [compute|show|get] the {agg} [of |]{v}
per {g} {agg} of {v}
aggregate {v} by {g} with the {agg}
summarise {v} by {g} using the {agg}
[compare|list] the {agg} {v} [across|of the different] {g} groups
break down the {agg} {v} by {g}
# group?
what is the {agg} [of |]{v} [per|by|for each|for every|in each] {g}?
what's the {agg} {v} [per|for each|by] {g}?
how does the {agg} {v} [differ|vary|change] [by|between|across] {g}?
which {agg} of {v} does each {g} have?
how high is the {agg} {v} in each {g}?
for each {g}, what is the {agg} of {v}?
I'd like to know the {agg} {v} for every {g}
# group_count
[count|show] the [rows|records|entries] [per|by|for each|in each|for every] {g}
[number of|count of] [rows|records|entries] [per|by|for each|in each] {g}
group by {g} and count [the rows|]
groupby {g}, [size|count rows]
[count|show] how many rows [each {g} has|there are per {g}|there are for each {g}]
size of each {g} group
for each {g}, count the rows
row count by {g}
# group_count?
how many [rows|records|entries|lines] [are there|do we have] [per|for each|in each|by] {g}?
how many [rows|records] does each {g} have?
what is the number of rows [per|for each] {g}?
how big is each {g} group?
how many rows belong to each {g}?
for every {g}, how many rows are there?
# group_two
[compute|calculate|show|get|find] the {agg} [of |]{v} [per|by|for each] {g} and {h}
{agg} [of |]{v} [per|by|for each|grouped by] {g} and {h}
{agg} {v} by {g}, {h}
group by {g} and {h} and [take|compute|get|show] the {agg} of {v}
groupby {g}, {h}, [take the |]{agg} of {v}
for [each|every] [combination of |pair of |]{g} and {h}, [compute|show] the {agg} of {v}
aggregate {v} by {g} and {h} with the {agg}
{agg} of {v} for every combination of {g} and {h}
break down the {agg} {v} by {g} and then {h}
{agg} of {v} per {g} within {h}
# group_two?
what is the {agg} [of |]{v} [per|by|for each|for every] {g} and {h}?
what's the {agg} {v} for each combination of {g} and {h}?
how does the {agg} {v} [differ|vary] by {g} and {h}?
which {agg} of {v} does each pair of {g} and {h} have?
for each {g} and {h}, what is the {agg} of {v}?
I'd like to know the {agg} {v} for every {g} and {h}
# group_aggs
[compute|show|get|find|give me] the mean, min and max of {v} [per|by|for each] {g}
[mean, min and max|mean, minimum and maximum|average, min and max] [of |]{v} [per|by|for each] {g}
group by {g} and [take|show] the mean, min and max of {v}
groupby {g}, agg {v} with mean, min, max
for each {g}, [show|compute] the [mean, minimum and maximum|mean, min and max] of {v}
[average, lowest and highest|mean, smallest and largest] {v} [per|by] {g}
aggregate {v} by {g}: mean, min, max
{v} per {g}: mean, min and max
# group_aggs?
what are the [mean, min and max|mean, minimum and maximum] of {v} [per|for each|by] {g}?
what are the average, lowest and highest {v} for each {g}?
how do mean, min and max of {v} differ by {g}?
for every {g}, what are the mean, minimum and maximum {v}?
can I see mean, min and max of {v} for each {g}?
I need the mean, the smallest and the largest {v} per {g}
# total
[compute|calculate|show|get|find|give me|tell me|work out|print] the {agg} [of |]{c}
[the |]{agg} of [the column |column |all |]{c}
{agg} {c}
{agg}({c})
{c} {agg}
overall {agg} of {c}
the {agg} of {c} over all rows
[take|determine] the {agg} of {c}
# total?
what is the {agg} [of |]{c}?
what's the {agg} [of |]{c}?
what is the overall {agg} of {c}?
which number is the {agg} of {c}?
how [high|large] is the {agg} {c}?
I need to know the {agg} of {c}
over all rows, what is the {agg} of {c}?
# pivot
[make|build|create|show] a pivot table of the {agg} [of |]{v} with {g} as rows and {h} as columns
pivot table: {agg} of {v}, {g} as rows, {h} as columns
pivot [the {agg} of |the {agg} ]{v} with {g} in rows and {h} in columns
pivot {agg} {v}, rows {g}, columns {h}
pivot {g} by {h} with the {agg} of {v}
[make|show] a table of the {agg} {v} with one row per {g} and one column per {h}
cross {g} with {h} and fill in the {agg} of {v}
pivot_table index {g}, columns {h}, values {v}, aggfunc {agg}
[make|build|create] a pivot: {g} down, {h} across, {agg} of {v} in the cells
spread the {agg} of {v} over {g} rows and {h} columns
matrix of the {agg} {v}: {g} down the side, {h} along the top
[show|lay out] the {agg} {v} in a grid with {g} as rows and {h} as columns
# pivot?
what does the pivot table of the {agg} {v} by {g} (rows) and {h} (columns) look like?
can I have a pivot table with {g} as rows, {h} as columns and the {agg} of {v}?
what is the {agg} of {v} for {g} in rows against {h} in columns?
I need a pivot: rows are {g}, columns are {h}, cells the {agg} of {v}
could I see the {agg} {v} as a grid, {g} in rows and {h} in columns?
I'd like one row per {g}, one column per {h} and in the cells the {agg} of {v}
# crosstab
[make|build|create|show|compute|give me] a [crosstab|cross table|contingency table] of {g} and {h}
[crosstab|cross table|contingency table|cross tabulation] of {g} [and|by|against|vs|with] {h}
crosstab {g} {h}
cross-tabulate {g} [and|with|by|against] {h}
count {g} against {h}
table of counts of {g} by {h}
[show|make] a table of counts with {g} as rows and {h} as columns
tabulate {g} against {h}
two-way table of {g} and {h}
# crosstab?
how many rows are there for {g} (rows) against {h} (columns)?
what does the crosstab of {g} and {h} look like?
how often does each {g} occur with each {h}, as a cross table?
can I have a contingency table of {g} and {h}?
how are {g} and {h} crossed? counts as a table
I need the counts of {g} against {h}
# merge
[merge|join|combine] {t} [and|with] {u} [on|by|using] {k}
[merge|join] {t} to {u} on [the column |column |]{k}
inner join {t} [and|with] {u} on {k}
[merge|join] the tables {t} and {u} [on|by] {k}
{t} join {u} on {k}
[combine|link|match] {t} and {u} [by the common column|through the column|by their shared] {k}
put {t} and {u} together [on|by] {k}
match {t} with {u} by {k}
bring {t} and {u} together using {k} as key
# merge?
how do I [join|merge|combine] {t} and {u} on {k}?
can {t} and {u} be [joined|merged] on {k}?
{t} and {u} share the column {k}, join them
I have {t} and {u}, [merge|join] them by {k}
both {t} and {u} have {k}, combine them on it
I want one table from {t} and {u}, matched on {k}
# merge_left
left [join|merge] {t} [and|with] {u} [on|by|using] {k}
[merge|join] {t} with {u} on {k}[, keeping all rows of {t}| and keep every row of {t}| (left join)]
left join {u} [to|onto] {t} on {k}
{t} left join {u} on {k}
[add|attach] the columns of {u} to {t} by {k}, keeping all [rows of |]{t}
[merge|join] {t} and {u} by {k}, how=left
look up {u} for every row of {t} by {k}
keep all of {t} and match {u} by {k}
# merge_left?
how do I left join {t} with {u} on {k}?
can {u} be joined to {t} on {k} without losing rows of {t}?
I have {t} and {u}, left join them by {k}
I want every row of {t}, with what {u} says about its {k}
I want all rows of {t} plus the matching columns of {u}, matched on {k}
both have {k}: keep all of {t} and add what matches from {u}
"""

_CLEAN = """
# drop_missing
[drop|remove|delete|discard] [the|all|] rows with [missing values|any missing value|NaN|nulls]
[drop|remove] [rows with |]any [empty cells|nulls|NaNs]
[drop|remove|delete] incomplete rows
dropna
drop na
keep only [complete rows|rows without missing values]
[drop|remove] every row that has a gap
get rid of rows with missing values
# drop_missing?
how do I drop the rows with missing values?
which rows are complete? keep only those
can you get rid of all rows that have a missing value?
I only need rows without any missing value
some cells are empty, drop those rows
I don't want rows with missing values
could the incomplete rows be removed?
# drop_missing_in
[drop|remove|delete|discard|throw out] [the |all |]rows where {c} is [missing|empty|null|NaN]
[drop|remove|delete] rows [without|with missing|with no|lacking] {c}
dropna on {c}
drop na in {c}
keep only rows [that have a|with a|where there is a] {c}
keep rows where {c} is not missing
[drop|remove] missing {c}
get rid of rows with an empty {c}
# drop_missing_in?
how do I drop the rows where {c} is missing?
which rows have a {c}? keep only those
can you get rid of all rows that have no {c}?
I only need rows where {c} is given
{c} is sometimes empty, drop those rows
I don't want rows with a missing {c}
# fill_value
fill [the |]missing [values in |values of |]{c} with {x}
fill [the gaps|the blanks|NaNs|nulls|empty cells] in {c} with {x}
fillna {c} with {x}
replace [missing values|NaN|nulls|empty cells] in {c} [with|by] {x}
[set|put] missing {c} to {x}
use {x} where {c} is missing
put {x} [into the gaps of|where there is no] {c}
{c}: missing becomes {x}
impute {c} with {x}
# fill_value?
how do I fill the missing {c} with {x}?
where {c} is missing, can you write {x}?
can the gaps in {c} be filled with {x}?
{c} has gaps, fill them with {x}
a missing {c} should be {x}
if {c} is missing it means {x}, so fill that in
# fill_mean
fill [the |]missing [values in |values of |]{c} with [the mean|its mean|the average|its average]
fill [the gaps|NaNs|nulls|empty cells] in {c} with [the mean|its mean|the column mean|the average]
fillna {c} with the mean
replace [missing values|NaN|nulls] in {c} [with|by] [the mean|the average]
impute {c} with [the mean|its mean]
mean-impute {c}
use the mean where {c} is missing
set missing {c} to the average
# fill_mean?
how do I fill the missing {c} with its mean?
where {c} is missing, can you put the mean?
can the gaps in {c} be filled with the average?
{c} has gaps, fill them with the mean
a missing {c} should become the average {c}
could you impute the mean for missing {c}?
# fill_median
fill [the |]missing [values in |values of |]{c} with [the median|its median]
fill [the gaps|NaNs|nulls|empty cells] in {c} with [the median|its median|the column median]
fillna {c} with the median
replace [missing values|NaN|nulls] in {c} [with|by] the median
impute {c} with [the median|its median]
median-impute {c}
use the median where {c} is missing
set missing {c} to the median
# fill_median?
how do I fill the missing {c} with its median?
where {c} is missing, can you put the median?
can the gaps in {c} be filled with the median?
{c} has gaps, fill them with the median
a missing {c} should become the median {c}
could you impute the median for missing {c}?
# to_number
[convert|change|turn|cast|parse] [the column |]{c} [to a number|to numbers|to numeric|into numbers]
make {c} [numeric|a number|a numeric column|numbers]
{c} to [numeric|number|numbers]
to_numeric {c}
change the type of {c} to numeric
treat {c} as [numbers|numeric]
read {c} as numbers
get {c} into numeric form
# to_number?
how do I make {c} numeric?
{c} is text, can you make it a number?
can {c} be converted to numbers?
{c} should be numeric
{c} was read as text but holds numbers, fix that
I need {c} as a number
# to_int
[convert|change|turn|cast] [the column |]{c} [to an integer|to integers|to int|into whole numbers]
make {c} [integers|an integer|an integer column|whole numbers|int]
{c} to [int|integer|integers|whole numbers]
cast {c} as int
change the type of {c} to integer
treat {c} as [integers|whole numbers]
store {c} as integers
# to_int?
how do I make {c} an integer?
can {c} be converted to integers?
{c} should be whole numbers
{c} should be an int column
I need {c} as an integer
{c} has decimals it does not need, make it integer
# to_text
[convert|change|turn|cast] [the column |]{c} [to text|to strings|to string|into text]
make {c} [text|a string|strings|a text column|a string column]
{c} to [text|string|str]
cast {c} as str
change the type of {c} to string
treat {c} as [text|strings]
store {c} as text
# to_text?
how do I make {c} text?
can {c} be converted to strings?
{c} should be text
{c} should be a string column
I need {c} as text
{c} is a number but should be a string, change it
# to_category
[convert|change|cast] [the column |]{c} [to category|to a category|to categorical|into categories]
make {c} [categorical|a category|a category column|a categorical variable|a factor]
{c} to [category|categorical|categories]
cast {c} as category
change the type of {c} to category
treat {c} as [categorical|a category]
store {c} as category
# to_category?
how do I make {c} categorical?
can {c} be converted to a category?
{c} should be categorical
{c} should be of type category
I need {c} as a category
{c} has few values, make it a categorical column
# parse_date
[convert|change|turn|parse] [the column |]{c} [to dates|to a date|to datetime|into dates|as dates]
make {c} [a date|dates|a datetime|a date column|datetime]
parse {c}, it holds dates
{c} to [date|datetime|dates]
to_datetime {c}
change the type of {c} to [date|datetime]
treat {c} as [dates|a date]
read {c} as dates
parse the dates in {c}
# parse_date?
how do I turn {c} into dates?
{c} is text, can you make it a date?
can {c} be converted to dates?
{c} should be a date
{c} was read as text but holds dates, fix that
I need {c} as real dates
"""

_DATES = """
# year
[add|make|create] a [year column|column year] [from|out of|based on] {c}
add [a column with |]the year of {c}
[add|make|create] a [new |]column with the year [of|from|in] {c}
[extract|get|take|pull] the year [from|of|out of] {c} [into|as] a new column
[extract|get] the year [of|from] {c}
year of {c} as a [new |]column
new column: year of {c}
# year?
can you add a column with the year of {c}?
how do I get the year out of {c}?
I need a year column made from {c}
in which year is each {c}? add it as a column
what year is each {c}? put it in a column
I want the year of {c} in its own column
# month
[add|make|create] a [month column|column month] [from|out of|based on] {c}
add [a column with |]the month of {c}
[add|make|create] a [new |]column with the month [of|from|in] {c}
[extract|get|take|pull] the month [from|of|out of] {c} [into|as] a new column
[extract|get] the month [of|from] {c}
month of {c} as a [new |]column
new column: month of {c}
# month?
can you add a column with the month of {c}?
how do I get the month out of {c}?
I need a month column made from {c}
in which month is each {c}? add it as a column
what month is each {c}? put it in a column
I want the month of {c} in its own column
# weekday
[add|make|create] a [weekday column|column weekday] [from|out of|based on] {c}
add [a column with |]the [weekday|day of the week|weekday name|name of the day] of {c}
[add|make|create] a [new |]column with the [weekday|day of the week] [of|from] {c}
[extract|get|take] the [weekday|day name] [from|of] {c} [into|as] a new column
[extract|get] the [weekday|day of the week] [of|from] {c}
weekday of {c} as a [new |]column
new column: weekday name of {c}
# weekday?
can you add a column with the weekday of {c}?
how do I get the weekday out of {c}?
I need a weekday column made from {c}
on which weekday is each {c}? add it as a column
what day of the week is each {c}? put it in a column
I want the weekday name of {c} in its own column
# resample_month
[compute|calculate|show|get|find] the [monthly {agg} of {v}|{agg} of {v} per month] by {d}
monthly {agg} [of |]{v} [by|from|using|based on] {d}
{agg} [of |]{v} [per|by|for each] month of {d}
{agg} {v} by month ({d})
resample {v} [by month|monthly] [on|over] {d} with the {agg}
group by the month of {d} and [take|show] the {agg} of {v}
for each month of {d}, [show|compute] the {agg} [of |]{v}
aggregate {v} to months of {d} using the {agg}
# resample_month?
what is the {agg} [of |]{v} [per|in each|for each|for every] month of {d}?
what's the monthly {agg} of {v} by {d}?
how does the {agg} {v} change from month to month of {d}?
for every month in {d}, what is the {agg} of {v}?
can I see the monthly {agg} of {v} by {d}?
I'd like to know the {agg} {v} for each month of {d}
# resample_year
[compute|calculate|show|get|find] the [yearly {agg} of {v}|{agg} of {v} per year] by {d}
[yearly|annual] {agg} [of |]{v} [by|from|using|based on] {d}
{agg} [of |]{v} [per|by|for each] year of {d}
{agg} {v} by year ({d})
resample {v} [by year|yearly] [on|over] {d} with the {agg}
group by the year of {d} and [take|show] the {agg} of {v}
for each year of {d}, [show|compute] the {agg} [of |]{v}
aggregate {v} to years of {d} using the {agg}
# resample_year?
what is the {agg} [of |]{v} [per|in each|for each|for every] year of {d}?
what's the yearly {agg} of {v} by {d}?
how does the {agg} {v} change from year to year of {d}?
for every year in {d}, what is the {agg} of {v}?
can I see the annual {agg} of {v} by {d}?
I'd like to know the {agg} {v} for each year of {d}
"""

_TEXT = """
# strip
[strip|trim|remove|delete] [the |]whitespace [around|from both ends of|at the ends of] {c}
[strip|trim] {c}
[remove|trim|strip] [leading and trailing|surrounding|extra outer] [spaces|blanks] [in|from|of] {c}
strip [the spaces around|the blanks around|the text in|spaces from] {c}
trim the [text|values|strings] [in|of] {c}
clean the spaces around {c}
take the blanks off both ends of {c}
# strip?
how do I trim the spaces around {c}?
can you strip the whitespace around {c}?
{c} has spaces at the ends, remove them
there are blanks around the values of {c}, trim them
the text in {c} starts or ends with spaces, strip it
could {c} be trimmed?
# lower
[make|turn|convert|change|put|set] {c} [into lower case|to lower case|to lowercase|in lower case]
make {c} [lower case|lowercase]
lower {c}
lowercase {c}
[write|put] [the text of|the values of|all text in] {c} in [lower case|small letters]
{c} to lower case
convert the text in {c} to lowercase
# lower?
how do I make {c} lower case?
can {c} be in lower case?
{c} should be all lower case
{c} mixes capitals and small letters, make it all lowercase
I need {c} in small letters
could {c} be turned into lowercase?
# upper
[make|turn|convert|change|put|set] {c} [into upper case|to upper case|to uppercase|in upper case]
make {c} [upper case|uppercase|all caps]
upper {c}
uppercase {c}
[write|put] [the text of|the values of|all text in] {c} in [upper case|capital letters|capitals]
{c} to upper case
convert the text in {c} to uppercase
# upper?
how do I make {c} upper case?
can {c} be in upper case?
{c} should be all upper case
{c} mixes capitals and small letters, make it all uppercase
I need {c} in capital letters
could {c} be turned into uppercase?
# title
[capitalise|capitalize] [each|every] word [of|in] {c}
[make|turn|convert|change|put|set] {c} [into title case|to title case|in title case]
make {c} title case
title case [for|of|in] {c}
title-case {c}
{c} to title case
[start|begin] [each|every] word [of|in] {c} with a capital
write each word in {c} with a capital first letter
upper-case the first letter of each word in {c}
# title?
how do I make {c} title case?
can each word in {c} be capitalised?
{c} should be in title case
in {c} every word should start with a capital letter
I need {c} in title case
could the words in {c} start with capitals?
# replace
replace {x} [with|by] {y} in {c}
in {c}[,|] replace {x} [with|by] {y}
[change|turn] {x} [to|into] {y} in {c}
[swap|substitute] {y} for {x} in {c}
substitute {x} [with|by] {y} in [the column |]{c}
replace the text {x} by {y} in {c}
{c}: {x} -> {y}
[change|replace] every {x} in {c} [to|with] {y}
in {c} write {y} instead of {x}
use {y} instead of {x} in {c}
# replace?
how do I replace {x} with {y} in {c}?
can you change {x} to {y} in {c}?
where {c} says {x} it should say {y}
{c} has {x} in it, make that {y}
in {c}, {x} should be written {y}
could {x} in {c} become {y}?
# length
[add|make|create] a [new |]column with the [text length|length|number of characters] of {c}
add the [text length|length|number of characters|character count] of {c} as a column
new column: [text length|number of characters|length] of {c}
[count|compute] the [characters|number of characters] in {c} [in a new column|as a new column]
add a length column for {c}
text length of {c} as a column
# length?
how long is the text in each {c}? add it as a column
how many characters does each {c} have? put it in a column
can you add a column with the length of {c}?
I need a column that says how long each {c} is
I want the number of characters of {c} in its own column
could we have the text length of {c} in a new column?
"""

_NEW = """
# add
[add|make|create] a [new |]column {new} [as|=|equal to|that is] {a} + {b}
[add|make|create] [a |the ][column |]{new} as the sum of {a} and {b}
{new} = {a} + {b}
{new} is {a} plus {b}
[compute|calculate] {new} [as|=] {a} [plus|+] {b}
add {a} and {b} [into|and call it|to get|giving] {new}
sum {a} and {b} into {new}
new column {new}: {a} + {b}
add {b} to {a} as {new}
put {a} plus {b} in a [new |]column [called |named |]{new}
# add?
can I have a column {new} with the sum of {a} and {b}?
how do I add {a} and {b} into a column {new}?
I need a column {new} that is {a} plus {b}
what is {a} plus {b} for each row? call it {new}
{new} should be the sum of {a} and {b}
I want {a} and {b} added together in a new column {new}
# subtract
[add|make|create] a [new |]column {new} [as|=|equal to|that is] {a} - {b}
[add|make|create] [a |the ][column |]{new} as [{a} minus {b}|the difference between {a} and {b}]
{new} = {a} - {b}
{new} is {a} minus {b}
[compute|calculate] {new} [as|=] {a} [minus|-] {b}
subtract {b} from {a} [into|and call it|to get|giving|as] {new}
take {b} away from {a} and call it {new}
new column {new}: {a} - {b}
put {a} minus {b} in a [new |]column [called |named |]{new}
# subtract?
can I have a column {new} with {a} minus {b}?
how do I subtract {b} from {a} into a column {new}?
I need a column {new} that is {a} less {b}
what is {a} minus {b} for each row? call it {new}
{new} should be {a} minus {b}
I want {b} subtracted from {a} in a new column {new}
# multiply
[add|make|create] a [new |]column {new} [as|=|equal to|that is] {a} * {b}
[add|make|create] [a |the ][column |]{new} as [{a} times {b}|the product of {a} and {b}]
{new} = {a} * {b}
{new} = {a} x {b}
{new} is {a} times {b}
[compute|calculate] {new} [as|=] {a} [times|*] {b}
multiply {a} [and|by|with] {b} [into|and call it|to get|as] {new}
new column {new}: {a} * {b}
put {a} times {b} in a [new |]column [called |named |]{new}
# multiply?
can I have a column {new} with {a} times {b}?
how do I multiply {a} by {b} into a column {new}?
I need a column {new} that is {a} times {b}
what is {a} times {b} for each row? call it {new}
{new} should be the product of {a} and {b}
I want {a} multiplied by {b} in a new column {new}
# divide
[add|make|create] a [new |]column {new} [as|=|equal to|that is] {a} / {b}
[add|make|create] [a |the ][column |]{new} as [{a} divided by {b}|the ratio of {a} to {b}]
{new} = {a} / {b}
{new} is {a} [divided by|over] {b}
[compute|calculate] {new} [as|=] {a} [divided by|/|per] {b}
divide {a} by {b} [into|and call it|to get|as] {new}
new column {new}: {a} / {b}
put {a} divided by {b} in a [new |]column [called |named |]{new}
# divide?
can I have a column {new} with {a} divided by {b}?
how do I divide {a} by {b} into a column {new}?
I need a column {new} that is {a} per {b}
what is {a} divided by {b} for each row? call it {new}
{new} should be the ratio of {a} to {b}
I want {a} divided by {b} in a new column {new}
# scale
[add|make|create] a [new |]column {new} [as|=|equal to|that is] {a} * {x}
[add|make|create] [a |the ][column |]{new} as {a} [times|multiplied by] {x}
{new} = {a} * {x}
{new} = {x} * {a}
{new} is {a} times {x}
[compute|calculate] {new} [as|=] {a} [times|*] {x}
multiply {a} by {x} [into|and call it|to get|as] {new}
scale {a} by {x} [into|as] {new}
new column {new}: {a} * {x}
put {a} times {x} in a [new |]column [called |named |]{new}
# scale?
can I have a column {new} with {a} times {x}?
how do I multiply {a} by {x} into a column {new}?
I need a column {new} that is {x} times {a}
what is {a} times {x} for each row? call it {new}
{new} should be {a} multiplied by {x}
I want {a} scaled by the factor {x} in a new column {new}
# share
[add|make|create] a [new |]column {new} with the [percentage|percent share|share in percent] of {c}
[add|make|create] [a |the ][column |]{new} as {c} in percent of [its|the] total
{new} = [percentage|share in percent] of total {c}
{new} = 100 * {c} / sum of {c}
{new} is {c} as a percentage of the total
[compute|calculate|work out] each row's percentage of the total {c} as {new}
express {c} as percent of the column total in {new}
new column {new}: {c} in percent of the total
put the percent share of {c} in a [new |]column [called |named |]{new}
turn {c} into percentages of its sum and call it {new}
# share?
can I have a column {new} with each row's percentage of the total {c}?
how many percent of the total {c} does each row have? call it {new}
I need a column {new} that is {c} in percent of its sum
what percentage of all {c} is each row? put it in {new}
{new} should be the percentage of total {c}
what share of {c} in percent does each row hold? name the column {new}
# rank
[add|make|create] a [new |]column {new} with the rank [by|of|in] {c}[, largest is 1|, highest first]
[add|make|create] [a |the ][column |]{new} as the rank of {c}[, largest first| in descending order]
{new} = rank of {c}[, largest is 1| descending]
rank [the rows |]by {c} [into|as|and call it] {new}
rank {c}[ from largest to smallest|, highest is 1,] in a column {new}
new column {new}: rank by {c}, 1 is the largest
number the rows by {c} from the largest down in {new}
# rank?
can I have a column {new} with the rank by {c}, the largest being 1?
how does each row rank by {c}? call it {new}
what rank does each row have by {c}? put it in {new}, 1 for the highest
I need a column {new} that ranks {c}, largest first
{new} should be the rank by {c} where the biggest gets 1
which place does each row take by {c}, highest first? name the column {new}
# cumsum
[add|make|create] a [new |]column {new} with the [running total|cumulative sum|running sum] of {c}
[add|make|create] [a |the ][column |]{new} as the [running total|cumulative sum] of {c}
{new} = [running total|cumulative sum|cumsum|running sum] of {c}
[compute|calculate] the [running total|cumulative sum] of {c} [as|into] {new}
cumulate {c} [in|into] {new}
accumulate {c} in a new column {new}
new column {new}: cumulative {c}
# cumsum?
can I have a column {new} with the running total of {c}?
how does {c} add up from row to row? call it {new}
what is the running total of {c}? put it in {new}
I need a column {new} that cumulates {c}
{new} should be the cumulative sum of {c}
I want {c} summed up to each row in a column {new}
# round
round {c} to {n} [decimals|decimal places|digits after the point|places]
round the [values|numbers] [in|of] {c} to {n} [decimals|decimal places]
round [the column|column] {c} to {n} [decimals|places]
{c} rounded to {n} [decimals|decimal places|places]
round({c}, {n})
[give|show|keep|write] {c} with {n} [decimals|decimal places]
cut {c} to {n} decimals by rounding
limit {c} to {n} decimal places
# round?
can {c} be rounded to {n} decimals?
how do I round {c} to {n} decimal places?
{c} has too many digits, round it to {n} decimals
I need {c} with only {n} decimals
{c} should have {n} decimals
I want {c} rounded to {n} places
# diff
[add|make|create] a [new |]column {new} with the [change|difference] of {c} from the row before
[add|make|create] [a |the ][column |]{new} as the change in {c} from row to row
{new} = {c} minus the {c} of the [row before|previous row]
{new} = diff of {c}
{new} = change in {c} [from the row before|since the previous row|from the last row]
[compute|calculate] the [row-to-row|row by row] [change|difference] of {c} [as|into] {new}
new column {new}: change of {c} from the row before
put the difference of {c} to the row before in {new}
# diff?
can I have a column {new} with the change of {c} from the row before?
how much does {c} change from row to row? call it {new}
by how much does {c} differ from the row before? put it in {new}
I need a column {new} with the differences between successive {c}
{new} should be the change in {c} since the previous row
what is the change in {c} from one row to the next? name the column {new}
"""

_STATS = """
# corr
[compute|calculate|show|get|find|give me] the correlation [between|of] {a} and {b}
correlation [between|of] {a} and {b}
correlate {a} [with|and] {b}
corr {a} {b}
corr({a}, {b})
correlation of {a} with {b}
pearson correlation of {a} and {b}
[check|measure|test] how strongly {a} and {b} are correlated
correlation coefficient of {a} and {b}
{a} and {b} correlation
# corr?
[is|how is] {a} correlated with {b}?
how strongly [are|do] {a} and {b} [correlated|correlate]?
what is the correlation [between|of] {a} and {b}?
are {a} and {b} correlated?
do {a} and {b} correlate?
what's the correlation coefficient of {a} and {b}?
# corr_all
[compute|calculate|show|get|give me|print|make] [the|a] correlation matrix
[correlation matrix|correlations|all correlations|pairwise correlations]
[compute|show] the correlations between all numeric columns
correlate all numeric columns
[correlation matrix|correlations] of the numeric columns
corr of all numeric columns
show all pairwise correlations
[compute|show] the correlation of every numeric column with every other
# corr_all?
what is the correlation matrix?
what does the correlation matrix look like?
how are the numeric columns correlated?
which numeric columns correlate? show the matrix
how do the numeric columns correlate with each other?
can I see all correlations?
# quantile
[compute|calculate|show|get|find|give me|tell me|print|work out] the {q} of {c}
[the |]{q} of {c}
[the |]{q} of [the column|column|all values of] {c}
{c} {q}
{q} for {c}
{c}: {q}
[determine|take] the {q} of {c}
get {c}'s {q}
{q} over all rows of {c}
# quantile?
what is the {q} of {c}?
what's the {q} of {c}?
what is the {q} of the values in {c}?
which value of {c} is the {q}?
where does the {q} of {c} lie?
at what {c} is the {q}?
I need to know the {q} of {c}
# dupes_drop
[drop|remove|delete|get rid of|throw out] [the |all |]duplicate[s| rows|d rows]
drop_duplicates
dedupe
deduplicate the rows
remove repeated rows
keep only [unique|distinct] rows
keep each row only once
# dupes_drop?
can you remove the duplicate rows?
how do I drop duplicate rows?
some rows occur twice, remove the copies
there are repeated rows, keep each once
I don't want duplicate rows
could the duplicates be dropped?
# dupes_drop_by
[drop|remove|delete] [the |]duplicate[s| rows] [by|based on|according to|in terms of] {c}
keep only the first row [for each|of each|per|for every] {c}
drop_duplicates on {c}
[dedupe|deduplicate] by {c}
keep one row per {c}[, the first|]
first row of each {c}
one row per {c}, the first one
remove rows whose {c} came before
keep each {c} only once
# dupes_drop_by?
can you remove the rows with a repeated {c}?
how do I keep only the first row of each {c}?
some {c} occur more than once, keep the first row of each
what is the first row for each {c}?
I want only one row per {c}, the first
each {c} should occur only once, keep the first
# dupes_count
[count|show|print|get] the number of [duplicate rows|duplicates|duplicated rows|repeated rows]
[number of|count of] [duplicate rows|duplicates|duplicated rows]
count [the |][duplicates|duplicate rows|repeated rows]
[check|show|tell me] how many duplicate rows there are
duplicate count
sum of duplicated
# dupes_count?
how many [duplicate rows|duplicates|repeated rows|duplicated rows] are there?
how many rows are duplicates?
are there duplicate rows? how many?
how many rows occur more than once, not counting the first?
what is the number of duplicate rows?
do we have duplicates? count them
# sample
[show|get|draw|take|pick|select|give me] {n} random rows
[take|draw|get|pick|make] a random sample of {n} [rows|records]
{n} random [rows|records|lines|entries]
sample {n} [rows|records]
sample({n})
random sample of {n} [rows|]
[pick|choose|select] {n} rows at random
{n} rows at random
show {n} randomly chosen rows
# sample?
can I see {n} random rows?
what do {n} random rows look like?
I'd like a random sample of {n} rows
I need {n} rows chosen at random
how do I draw {n} random rows?
could we look at {n} rows picked at random?
# sample_frac
[show|get|draw|take|pick|select|give me] a random {p}[%| percent] of the rows
[take|draw|get|make] a random {p}[%| percent] sample
[random |]{p}[%| percent] sample of the rows
sample {p}[%| percent] of the rows
[pick|choose|select] {p} percent of the rows at random
{p}% of the rows at random
keep a random {p} percent
# sample_frac?
can I see a random {p} percent of the rows?
I'd like a random {p}% sample
I need {p} percent of the rows chosen at random
how do I draw a random {p}% of the rows?
could we keep only {p} percent of the rows, picked at random?
it is too big, take a random {p} percent of it
"""

_SHAPE = """
# rename
rename [the column |column |]{a} [to|as|into] {b}
rename {a} -> {b}
{a} -> {b} as column name
change the [column name|name of the column|name] {a} [to|into] {b}
[call|name] [the column |column |]{a} {b} [instead|from now on]
give the column {a} the [new |]name {b}
give {a} the name {b}
{a} renamed to {b}
# rename?
can {a} be called {b}?
how do I rename {a} to {b}?
the column {a} should be called {b}
{a} is a bad name, call it {b}
I want {a} to be named {b}
could the column {a} get the name {b}?
# lower_columns
[make|turn|convert|change|put|set] [all |the ]column names [to lower case|lowercase|into lower case]
lowercase [the|all|all the] column names
lower-case the [columns' names|column names|header]
column names in lower case
[write|put] [the|all] column names in small letters
convert the header to lower case
lower all column names
# lower_columns?
can the column names be lower case?
how do I make all column names lowercase?
the column names should all be lower case
I want all column names in lower case
the column names mix capitals and small letters, make them lowercase
could all column names be in small letters?
# select
[keep|select|show|take|get|give me|display|pick] [only |just |]the columns {a} and {b}
[keep|show|select] [only|just] {a} and {b}
[only|just] [the columns |]{a} and {b}
columns {a} and {b}
select {a}, {b}
[select|keep] columns {a}, {b}
{a} and {b} only
drop all columns [but|except] {a} and {b}
restrict to the columns {a} and {b}
# select?
can I see only {a} and {b}?
what do the columns {a} and {b} look like on their own?
I only need {a} and {b}
I only want the columns {a} and {b}
could we keep just {a} and {b}?
we don't need any columns other than {a} and {b}
# drop_column
[drop|remove|delete|discard|throw out|get rid of] [the column |column |]{c}
[drop|remove|delete] the {c} column
leave out the column {c}
all columns [but|except] {c}
keep everything except the column {c}
take out the column {c}
throw the column {c} away
# drop_column?
can you drop {c}?
how do I remove the column {c}?
I don't need the column {c}
I don't need {c}, delete it
the column {c} is useless, remove it
could the column {c} be dropped?
we can do without the column {c}
# set_index
[set|make|use] [the column |]{c} as [the |]index
set the index to {c}
make {c} the index
set_index {c}
index [by|on] {c}
use {c} [for|as] the row labels
turn [the column |]{c} into the index
[move|put] {c} [into|in] the index
label the rows by {c}
let {c} be the index
have {c} as index
# set_index?
can {c} be the index?
how do I make {c} the index?
the index should be {c}
I want {c} as the index
I'd like the rows labelled by {c}
could {c} serve as the index?
"""

_SAVE = """
# save_csv
[save|write|export|store|output|dump] [it |the result |the table |everything |][to|as|into] {file}
[save|write|export] [it |the result |][as csv|to csv|to the csv file|to a csv called] {file}
[make|create] a csv file {file} [from it|with the result|]
to_csv {file}
put [it|the result] [in|into] {file}
# save_csv?
can you save it as {file}?
how do I save this to {file}?
I need it as a csv file called {file}
I want the result in {file}
could this be written to {file}?
the result should go to {file}
# save_excel
[save|write|export|store|output|dump] [it |the result |the table |everything |][to|as|into] {file}
[save|write|export] [it |the result |][as excel|to excel|to a workbook called] {file}
[make|create] an excel file {file} [from it|with the result|]
to_excel {file}
put [it|the result] [in|into] [the spreadsheet |]{file}
# save_excel?
can you save it as {file}?
how do I save this to {file}?
I need it as an excel file called {file}
I want the result in {file}
could this be written to {file}?
my boss wants it in Excel, write {file}
# save_json
[save|write|export|store|output|dump] [it |the result |the table |everything |][to|as|into] {file}
[save|write|export] [it |the result |][as json|to json|to the json file|to a json called] {file}
[make|create] a json file {file} [from it|with the result|]
to_json {file}
put [it|the result] [in|into] {file}
# save_json?
can you save it as {file}?
how do I save this to {file}?
I need it as a json file called {file}
I want the result in {file}
could this be written to {file}?
the website needs it as json, write {file}
"""

_PLOT = """
# hist
[plot|draw|show|make|create|display|give me] a histogram of {c}
[histogram|hist] of {c}
hist {c}
{c} histogram
[plot|show|draw|visualise|visualize] the distribution of {c}
distribution of {c} as a histogram
histogram for {c}
[plot|draw|show] the histogram of [the {c} values|{c}]
# hist?
how is {c} distributed?
what does the distribution of {c} look like?
can I see a histogram of {c}?
what does the histogram of {c} look like?
I'd like to see how {c} is distributed
could you show the distribution of {c} in a chart?
# hist_bins
[plot|draw|show|make|create|display|give me] a histogram of {c} [with|using|in] {n} bins
[histogram|hist] of {c} [with|using|in] {n} bins
hist {c}, {n} bins
hist {c} bins={n}
{c} histogram with {n} bins
[plot|show|draw|visualise] the distribution of {c} [in|with] {n} bins
{n}-bin histogram of {c}
histogram for {c}, {n} bars
# hist_bins?
how is {c} distributed, in {n} bins?
what does the distribution of {c} look like with {n} bins?
can I see a histogram of {c} with {n} bins?
what does the histogram of {c} look like in {n} bins?
I'd like to see how {c} is distributed, use {n} bins
could you show the distribution of {c} with {n} bars?
# bar
[plot|draw|show|make|create|display] a bar [chart|plot|graph] of {v} [by|for each|per|over] {g}
bar [chart|plot] of {v} [by|for each|per] {g}
bar {v} by {g}
bars of {v} [by|for each] {g}
plot {v} [by|for each|per] {g} as bars
[show|draw] {v} as [a bar|one bar] for each {g}
bar chart with {g} on x and {v} as height
# bar?
can I see a bar chart of {v} for each {g}?
what does {v} look like as bars for each {g}?
how do the {g} compare in {v}? bar chart
I'd like a bar chart with {g} on the x axis and {v} on the y axis
I need bars for {v}, one per {g}
could you draw {v} for each {g} as bars?
# bar_agg
[plot|draw|show|make|create] a bar [chart|plot|graph] of the {agg} [of |]{v} [by|for each|per] {g}
bar [chart|plot] of [the |]{agg} {v} [by|for each|per] {g}
bar {agg} of {v} by {g}
bars of the {agg} {v} [by|for each|per] {g}
plot the {agg} [of |]{v} [by|for each|per] {g} as bars
[show|draw] the {agg} {v} of each {g} as a bar
group by {g}, take the {agg} of {v} and draw bars
# bar_agg?
can I see a bar chart of the {agg} {v} for each {g}?
how does the {agg} {v} compare across {g}? bar chart
what does the {agg} of {v} per {g} look like as bars?
I'd like a bar chart with {g} on x and the {agg} of {v} on y
I need bars for the {agg} {v}, one per {g}
could you draw the {agg} of {v} by {g} as bars?
# bar_count
[plot|draw|show|make|create] a bar chart of the [number of rows|counts|row counts] [per|by] {g}
bar [chart|plot] of [how many rows|the number of rows] [each {g} has|there are per {g}]
bar chart of [the counts of|the frequency of|counts per] {g}
[plot|draw|show] [how many rows each {g} has|the count per {g}|the counts of {g}] as bars
count plot of {g}
bars of the counts of {g}
plot the value counts of {g} as bars
# bar_count?
can I see a bar chart of how many rows each {g} has?
how many rows are there per {g}? as a bar chart
how often does each {g} occur? bar chart please
what do the counts per {g} look like as bars?
I'd like a bar chart of the number of rows per {g}
could you draw how many rows there are for each {g} as bars?
# barh_agg
[plot|draw|show|make] a horizontal bar [chart|plot] of the {agg} [of |]{v} [by|for each|per] {g}
horizontal [bars|bar chart|bar plot] of [the |]{agg} {v} [by|for each|per] {g}
barh {agg} of {v} by {g}
barh of the {agg} {v} per {g}
plot the {agg} [of |]{v} [by|for each|per] {g} as horizontal bars
[show|draw] the {agg} {v} of each {g} as a horizontal bar
group by {g}, take the {agg} of {v} and draw horizontal bars
# barh_agg?
can I see a horizontal bar chart of the {agg} {v} for each {g}?
how does the {agg} {v} compare across {g}? horizontal bars
what does the {agg} of {v} per {g} look like as horizontal bars?
I'd like a bar chart lying on its side, {agg} of {v} for each {g}
I need horizontal bars for the {agg} {v}, one per {g}
could you draw the {agg} of {v} by {g} as horizontal bars?
# line
[plot|draw|show|make|create] a line [chart|plot|graph] of {v} [over|by|against] {d}
line [chart|plot|graph] of {v} over {d}
line {v} over {d}
[plot|draw|show] {v} over {d}[ as a line|]
[plot|draw] the [course|development|trend] of {v} over {d}
{v} over {d} as a line
line chart with {d} on x and {v} on y
# line?
how does {v} [change|develop|evolve] over {d}?
how did {v} [change|develop|evolve] over {d}?
can I see {v} over {d} as a line?
what does {v} look like over {d}?
I'd like a line chart with {d} on the x axis and {v} on the y axis
could you draw {v} over {d} as a line?
# line_agg
[plot|draw|show|make] a line [chart|plot|graph] of the {agg} [of |]{v} [per|by|over|for each] {d}
line [chart|plot] of [the |]{agg} {v} [per|by|over] {d}
line {agg} of {v} by {d}
[plot|draw|show] the {agg} [of |]{v} [over|per|by] {d} as a line
group by {d}, take the {agg} of {v} and draw a line
{agg} of {v} per {d} as a line
# line_agg?
how does the {agg} {v} [change|develop|evolve] over {d}? line chart
can I see the {agg} {v} over {d} as a line?
what does the {agg} of {v} per {d} look like as a line?
I'd like a line chart with {d} on x and the {agg} of {v} on y
could you draw the {agg} of {v} for each {d} as a line?
I need a line of the {agg} {v}, one point per {d}
# scatter
[plot|draw|show|make|create] a scatter [plot|chart] of {b} against {a}
scatter [plot|chart] of {b} against {a}
scatter [plot|chart] with {a} on [x|the x axis] and {b} on [y|the y axis]
scatter {b} against {a}
scatter {a} (x) [vs|and|against] {b} (y)
scatter [plot|] x={a}, y={b}
plot {b} against {a}[ as points| as dots| as a scatter plot]
[show|draw] {b} [against|as a function of] {a} as points
put {a} on [x|the x axis] and {b} on [y|the y axis] as points
scatter, {a} across and {b} up
# scatter?
can I see a scatter plot of {b} against {a}?
how does {b} depend on {a}? scatter plot
what does {b} against {a} look like as points?
I'd like a scatter plot, x is {a} and y is {b}
I'd like points with {a} on the horizontal and {b} on the vertical axis
could you draw {b} against {a} as dots?
# box
[plot|draw|show|make|create|display|give me] a [box plot|boxplot|box-and-whisker plot] of {c}
[box plot|boxplot|box-and-whisker plot] of {c}
[boxplot|box plot] {c}
box of {c}
{c} [box plot|boxplot|as a box plot]
[plot|show|draw] {c} as a box
[show|draw] the spread of {c} as a box plot
# box?
can I see a box plot of {c}?
what does the box plot of {c} look like?
how is {c} spread? box plot
are there outliers in {c}? box plot
I'd like a box plot of {c}
could you draw {c} as a box plot?
# box_by
[plot|draw|show|make|create|display] a [box plot|boxplot] of {c} [per|by|for each|grouped by] {g}
[box plot|boxplot|box-and-whisker plot] of {c} [per|by|for each] {g}
boxplot {c} by {g}
{c} by {g} as box plots
[plot|show|draw] {c} as [a box|one box] for each {g}
[compare|show] the [spread|distribution] of {c} by {g} with box plots
boxes of {c}, one per {g}
# box_by?
can I see a box plot of {c} for each {g}?
what do the box plots of {c} per {g} look like?
how does the spread of {c} differ by {g}? box plot
how do the {g} differ in {c}? box plots
I'd like box plots of {c}, one for each {g}
could you draw {c} by {g} as box plots?
# pie
[plot|draw|show|make|create|display|give me] a pie [chart|plot|diagram] of {v} by {g}
pie [chart|plot|diagram] of {v} [by|for each|per] {g}
pie {v} by {g}
[plot|draw|show] {v} by {g} as a pie[ chart|]
pie chart with {v} as slices and {g} as labels
pie of {v} with a slice for each {g}
slices of {v} for each {g} in a pie chart
# pie?
can I see a pie chart of {v} by {g}?
what does {v} by {g} look like as a pie?
which part of {v} does each {g} have? pie chart
I'd like a pie chart of {v} with {g} as labels
I need a pie with one slice per {g}, sized by {v}
could you draw {v} by {g} as a pie?
"""

_EDIT = """
# edit_log
[use|make it|with|put it on|try|switch to] [a log scale|a logarithmic scale]
[make|set] the y axis [logarithmic|log|to log scale]
[log scale|log y|logarithmic y axis|log scale on y|y on a log scale]
use a [log|logarithmic] [scale for|] y axis
show it on a log scale
same with a log scale
change the scale to log
# edit_log?
can the y axis be logarithmic?
could we have a log scale?
what does it look like on a log scale?
how does it look with a logarithmic y axis?
the small values can't be seen, use a log scale
I'd prefer a log scale
# edit_title
[set|change] the title to {title}
[add|give it|use|put] the title {title}
title it {title}
title: {title}
call [it|the plot|the chart|the figure] {title}
[make the title|name the plot|title the chart|title the plot] {title}
[same plot|same|again] with the title {title}
add {title} as [a|the] title
put {title} [above it|on top as the title|as the title]
with {title} as title
# edit_title?
can the title be {title}?
could it have the title {title}?
it needs a title: {title}
the title should be {title}
I want {title} as the title
it should be called {title}
# edit_color
[make|colour|color|draw|paint|plot] it {color}
[make|colour|color|draw] [it|them] in {color}
[in|use] {color}
[set|change] the [color|colour] to {color}
[color|colour] {color}
[use|with] {color} as [the |]colo[r|ur]
[same|again|same plot] [in|but in|but] {color}
{color} instead
switch to {color}
# edit_color?
can it be {color}?
could we have it in {color}?
what does it look like in {color}?
it should be {color}
I'd prefer {color}
I want the plot in {color}
# edit_horizontal
make [the bars|it|them] horizontal
[use|with|draw|as|show|switch to] horizontal bars
[horizontal bars|horizontal|barh instead|bars sideways]
turn the bars [sideways|on their side|horizontal]
lay the bars [flat|on their side]
[same|again|same chart] with horizontal bars
flip the bars to horizontal
make it the same horizontal bar chart again
change it to a horizontal bar chart
[rotate|swap] it so the bars are horizontal
# edit_horizontal?
can the bars be horizontal?
could the bars go sideways?
what does it look like with horizontal bars?
the labels are hard to read, make the bars horizontal
I'd prefer horizontal bars
the bars should be horizontal
# edit_top
only the [top|largest|biggest|highest] {n}
[only|just|show only|keep only|show just|show] the {n} [largest|biggest|highest]
[only|just] the top {n}
top {n}[ only|]
limit it to the [top|largest|biggest] {n}
[keep|show|take] [just |only |]the top {n}
restrict it to the {n} largest
[same|again] with only the {n} largest
# edit_top?
can we see only the {n} largest?
could it be just the top {n}?
what are the top {n} of these?
there are too many, show only the {n} largest
I only need the {n} biggest
I only want the top {n}
which are the {n} largest?
# edit_desc
sort [it |that |them |]descending[ instead|]
[sort|order] [it |them |][from largest to smallest|from high to low|the other way, largest first]
[descending|descending instead|descending order|in descending order]
[largest|highest|biggest] first[ instead|]
change the order to descending
make it descending
reverse it to descending
# edit_desc?
can it be descending?
could we have the largest first?
what does it look like in descending order?
it should be descending
I meant descending
I'd prefer the highest first
# edit_asc
sort [it |that |them |]ascending[ instead|]
[sort|order] [it |them |][from smallest to largest|from low to high|the other way, smallest first]
[ascending|ascending instead|ascending order|in ascending order]
[smallest|lowest] first[ instead|]
change the order to ascending
make it ascending
reverse it to ascending
# edit_asc?
can it be ascending?
could we have the smallest first?
what does it look like in ascending order?
it should be ascending
I meant ascending
I'd prefer the lowest first
# edit_agg
[use|take|make it|show|compute|try|do] the {agg} instead
[same|again|same thing|now|the same] with the {agg}
[change|switch] [it |]to the {agg}
{agg} instead
the {agg} [instead|now|this time]
[use|with] the {agg} rather than that
replace it with the {agg}
the same but the {agg}
# edit_agg?
and the {agg}?
what about the {agg}?
can it be the {agg} instead?
could we use the {agg}?
what does it look like with the {agg}?
I meant the {agg}
it should be the {agg}
# edit_bins
[use|make it|with|take|try|set|show] {n} bins
{n} bins[ instead| please|]
[same|again|same histogram|the same] with {n} bins
[change|set] the [number of bins|bins] to {n}
[split|divide] it into {n} bins
split the values into {n} bins
draw it with {n} [bins|bars]
bins = {n}
make that {n} bins
# edit_bins?
can it have {n} bins?
could we have {n} bins?
what does it look like with {n} bins?
there should be {n} bins
I'd prefer {n} bins
how does it look in {n} bins?
# edit_file
[use|take|try] [the file |]{file} instead
[same|again|same thing|the same|do the same] [with|for] {file}
[change|switch] [the file|it|] to {file}
{file} instead
the file is {file}[, not that|]
[use|with] {file} rather than that file
replace the file by {file}
the same but {file}
# edit_file?
what about {file}?
can it be {file} instead?
could we use {file}?
I meant {file}
it should be {file}
the file should be {file}
sorry, wrong file, it is {file}
"""

_BLOCKS = (
    _READ, _LOOK, _FILTER, _ORDER, _GROUP, _CLEAN, _DATES, _TEXT, _NEW, _STATS, _SHAPE, _SAVE,
    _PLOT, _EDIT,
)  # fmt: skip

WORDINGS, HELD_OUT = _split()

OPENERS = (
    "", "please ", "can you ", "could you ", "could you please ", "I want to ", "i want to ",
    "I'd like to ", "I need to ", "let's ", "now ", "now please ", "i need you to ", "next, ",
    "help me ", "hi, ", "ok, ", "ok now ", "pls ", "for my report, ", "using pandas, ", "just ",
    "we need to ", "would you ", "quickly ", "I would like you to ", "the next step is to ",
    "it's time to ", "we should ", "how do I ", "try to ", "i have to ", "can we ", "I must ",
)  # fmt: skip
NOUN_OPENERS = (
    "", "", "", "I need ", "i want ", "give me ", "show me ", "now ", "next, ", "ok, ", "hi, ",
    "can I have ", "could I see ", "let me see ", "pls ", "for my report, ", "I'd like ",
    "we need ", "please show ", "next: ", "task: ", "what I want: ",
)  # fmt: skip
GREETINGS = ("", "", "hi, ", "ok, ", "now ", "next, ", "for my report, ", "using pandas, ")

CLOSERS = (
    "", ".", "!", " please", ", please", " please.", " thanks", ", thanks", ". thanks!", " pls",
    " for me", " now",
)  # fmt: skip

JOINS = (
    ", then ", " and then ", ", ", ", and ", ". Then ", " and ", "; then ", ". After that ",
    "\nthen ",    " -> ", " then ", "; ", ", after that ", ". Next, ", ", and after that ", "\n",
)  # fmt: skip

TABLE_PHRASES = (
    " in {t}", " of {t}", " from {t}", " for {t}", " using {t}", " in the table {t}",
    " (table {t})",    " with {t}", " on {t}", " in the dataframe {t}", " (in {t})", ", using {t}",
)  # fmt: skip

# Words that people put for one another without a change of meaning in any sentence above.
_ALIKE = (
    ("show", "display", "print"), ("compute", "calculate", "determine", "work out"),
    ("rows", "records", "entries", "lines"), ("remove", "delete", "drop", "get rid of"),
    ("column", "field"), ("columns", "fields"), ("each", "every"), ("chart", "graph"),
    ("convert", "turn", "transform"), ("largest", "highest", "biggest", "greatest"),
    ("smallest", "lowest"), ("whitespace", "blanks", "spaces"), ("keep", "select", "retain"),
    ("new column", "extra column", "additional column"), ("mean", "average"),
    ("I'd like", "I would like", "I want"),
)  # fmt: skip
_OTHERS = {word: [o for o in group if o != word] for group in _ALIKE for word in group}
_REPLACED = re.compile(
    r"(?<![\w{-])(" + "|".join(sorted(_OTHERS, key=len, reverse=True)) + r")(?![\w}-])"
)


def varied(key: str, template: str, rng: Random, *, held_out: bool = False) -> str:
    """`template` with some words put in other words; never one that is kept for the other side."""

    def other(found: re.Match[str]) -> str:
        return rng.choice(_OTHERS[found[1]]) if rng.random() < 0.4 else found[1]

    text = _REPLACED.sub(other, template)
    if rng.random() < 0.1:
        text = text.replace(" the ", " ", 1)
    return template if text in (WORDINGS if held_out else HELD_OUT)[key] else text


_VERBS = tuple(
    """show make create get keep find add give select draw plot list put filter remove write count
    change sort drop save compute export fill delete calculate convert turn store display print take
    order output dump cast set replace throw trim use strip extract discard arrange parse read group
    load check multiply round join merge pull work cross rank treat pick rename call leave combine
    switch tell exclude resample groupby import start look build try aggregate impute substitute
    subtract divide open peek describe compare cross-tabulate match lowercase capitalise capitalize
    begin limit color colour name tally reverse lay link correlate lower-case visualise log do bring
    view see summarise search break determine attach lower scale cumulate dedupe deduplicate choose
    move split fetch assign preview inspect summarize run restrict mean-impute median-impute clean
    upper-case express accumulate cut measure test label let have visualize paint flip rotate
    title-case duplicate transform retain swap""".split()
)
_LED_BY_NOTHING = {"for", "per", "in", "with", "as", "again", "same", "now"}


def opening(template: str) -> Literal["verb", "noun", "whole"]:
    """How a request begins, and so what may lead it in: "could you show ...", "I need the ..."."""
    first = template.split()[0].lower()
    return "verb" if first in _VERBS else "whole" if first in _LED_BY_NOTHING else "noun"
