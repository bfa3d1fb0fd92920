"""Three values: what is known, what is not, and what would settle it."""

from hypothesis import given
from hypothesis import strategies as st

from lianzhou_gis.rulebook import Condition, Test

Test.__test__ = False
NAMES = ["a", "b", "c", "d"]
tests = st.builds(Test, st.sampled_from(NAMES), st.just("is"), st.booleans())
trees = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(lambda one: Condition("not", (one,)), inner),
        st.builds(lambda some: Condition("all", tuple(some)), st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda some: Condition("any", tuple(some)), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
facts = st.dictionaries(st.sampled_from(NAMES), st.sampled_from([True, False, None]))
whole = st.fixed_dictionaries({name: st.booleans() for name in NAMES})


@given(trees, facts, whole)
def test_what_is_known_stays_whatever_else_becomes_known(tree, some, rest):
    outcome = tree.evaluate(some)
    known = {name: value for name, value in some.items() if value is not None}
    if outcome.value is not None:
        assert tree.evaluate({**rest, **known}).value is outcome.value
        assert outcome.missing == frozenset()
        assert outcome.used <= set(known)


@given(trees, facts)
def test_only_what_is_unknown_and_asked_is_missing(tree, some):
    outcome = tree.evaluate(some)
    known = {name for name, value in some.items() if value is not None}
    assert outcome.missing <= tree.facts() - known
    assert (outcome.value is None) == bool(outcome.missing)


@given(trees, whole)
def test_with_all_facts_it_is_plain_logic(tree, known):
    def plain(node):
        if isinstance(node, Test):
            return known[node.fact] == node.value
        values = [plain(member) for member in node.members]
        return {"all": all, "any": any, "not": lambda one: not one[0]}[node.operator](values)

    assert tree.evaluate(known).value is plain(tree)


@given(trees, facts)
def test_a_fact_that_is_none_is_a_fact_that_is_absent(tree, some):
    assert tree.evaluate(some) == tree.evaluate({name: value for name, value in some.items() if value is not None})


spared = st.recursive(
    st.one_of(trees, st.builds(lambda asked, what: Condition("asked_if", (asked, what)), trees, trees)),
    lambda inner: st.builds(
        lambda join, some: Condition(join, tuple(some)),
        st.sampled_from(["all", "any"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(spared, facts, whole)
def test_only_what_was_spared_can_turn_what_was_stated(tree, some, rest):
    outcome = tree.evaluate(some)
    known = {name: value for name, value in some.items() if value is not None}
    assert outcome.spared <= tree.facts() - set(known)
    if outcome.value is not None:
        open_to = {name: value for name, value in rest.items() if name not in outcome.spared}
        assert tree.evaluate({**open_to, **known}).value is outcome.value
    assert not outcome.spared or outcome.value is False


@given(trees, trees, facts)
def test_what_is_known_counts_whoever_is_asked(asked, what, some):
    outcome, plain = Condition("asked_if", (asked, what)).evaluate(some), what.evaluate(some)
    if plain.value is not None:
        assert outcome == plain
    elif asked.evaluate(some).value is False:
        assert outcome.value is False and outcome.spared == plain.missing
    else:
        assert outcome.value is None and plain.missing <= outcome.missing


def test_numbers_and_codes():
    assert Test("head", "at_least", 500).evaluate({"head": 500.0}).value is True
    assert Test("head", "at_most", 0).evaluate({"head": 1.0}).value is False
    codes = Test("industry_code", "in", ("C26", "D44"))
    assert codes.evaluate({"industry_code": ("C2631",)}).value is True
    assert codes.evaluate({"industry_code": ("C2710", "D4415")}).value is True
    assert codes.evaluate({"industry_code": ("C2710",)}).value is False


def test_the_tree_is_reported_as_it_is_in_the_rulebook():
    tree = Condition("all", (Test("a", "is", True), Condition("not", (Test("b", "is", False),))))
    assert tree.tree() == {"all": [{"fact": "a", "is": True}, {"not": {"fact": "b", "is": False}}]}
