"""Kinds of papers on which an auditor errs easily: what is right for each, on made-up numbers."""

import re

import pytest

from ivim.audit.verdict import REFUTED, judge
from ivim.cli import main

HEAD = "id,location,group,parameter,statistic,printed,unit,place"
SIZES = "a,table1,control,,n,25,,\nb,table1,case,,n,40,,"
PAIR = f"{SIZES}\nm1,table2,control,adc,mean,1.51,,\ns1,table2,control,adc,sd,0.21,,\nm2,table2,case,adc,mean,1.08,,\ns2,table2,case,adc,sd,0.24,,"
COMPARED = '[groups]\ncompared = ["control", "case"]\npositive = "case"\n'


@pytest.fixture
def audit(tmp_path):
    """Writes claims (and a structure file) and gives the ledger by id."""

    def judged(rows, structure="", head=HEAD):
        path = tmp_path / "claims.csv"
        path.write_text(f"{head}\n{rows}\n", encoding="utf-8")
        if structure:
            (tmp_path / "structure.toml").write_text(structure, encoding="utf-8")
        return judge(path).ledger.set_index("id")

    return judged


INNOCENT = {
    "the disease comes first": ("b,table1,case,,n,40,,\na,table1,control,,n,25,,\ns,table2,,adc,sensitivity,87.5,%,\nt,table2,,adc,specificity,84.0,%,", ""),
    "a total without a group": (f"{SIZES}\nn,abstract,,,n,65,,\ns,table2,,adc,sensitivity,87.5,%,", ""),
    "p of an area, p of a test": (f"{SIZES}\np,table2,,adc,p,0.02,,\nu,table3,,adc,auc,0.71,,\nq,table3,,adc,p,0.003,,", ""),
    "two regression models": ("o,table3,,adc,odds_ratio,0.50,,\nl,table3,,adc,ci_low,0.28,,\nh,table3,,adc,ci_high,0.89,,\nv,table4,,adc,odds_ratio,0.66,,\nw,table4,,adc,ci_low,0.35,,\nx,table4,,adc,ci_high,1.24,,", ""),
    "a rank test beside means": ("a,table1,x,,n,30,,\nb,table1,y,,n,30,,\nm,table1,x,crp,mean,3.0,,\ns,table1,x,crp,sd,4.2,,\nk,table1,y,crp,mean,6.4,,\nd,table1,y,crp,sd,9.0,,\np,table1,,crp,p,0.001,,", ""),
    "a fraction and per cent": (f"{SIZES}\ns,table5,,adc,sensitivity,0.875,,\nt,abstract,,adc,sensitivity,87.5,%,", COMPARED),
    "another unit": (f"{SIZES}\nm,table2,case,adc,mean,1.48,10^-3 mm2/s,\nk,abstract,case,adc,mean,1480,µm²/s,", COMPARED),
    "a cut-off in another unit": (f"{PAIR}\nc,table5,,adc,cutoff,< 0.00131,mm²/s,\ns,table5,,adc,sensitivity,87.5,%,", COMPARED),
    "ages with decimals": (f"{SIZES}\nm,table1,case,age,mean,61.17,years,\ns,table1,case,age,sd,10.12,years,", ""),
    "two readers": (f"{SIZES}\nx,table5,,adc,auc,0.88,,\ny,table5,,adc,auc,0.85,,", COMPARED),
    "sexes in per cent": ("n,table1,case,,n,40,,\nm,table1,case,,male,58,,\nf,table1,case,,female,42,,", ""),
    "lesions, not patients": (f"{SIZES}\ns,table5,,adc,sensitivity,90.2,%,", COMPARED),
    "sizes that add up by chance": ("a,table1,x,,n,30,,\nb,table1,y,,n,18,,\nc,table1,z,,n,12,,\nm,table1,x,adc,mean,1.5,,\nk,table1,y,adc,mean,1.1,,\nl,table1,z,adc,mean,0.8,,", ""),
    "Z in a column headed t": ("a,table3,x,,n,32,,\nb,table3,y,,n,52,,\nm,table3,x,d,mean,91.14,,\ns,table3,x,d,sd,35.6,,\nk,table3,y,d,mean,74.25,,\nr,table3,y,d,sd,37.58,,\nt,table3,,d,t,−2.63,,\np,table3,,d,p,0.009,,", ""),
    "profile-likelihood limits": ("b,table2,,d,b,−0.283,,\ns,table2,,d,se,0.087,,\no,table2,,d,odds_ratio,0.754,,\nl,table2,,d,ci_low,0.622,,\nh,table2,,d,ci_high,0.876,,", ""),
    "bootstrap limits": (f"{SIZES}\n" + "\n".join(f"{p}{k},table5,,{p},{s},{v},,"
        for p, trios in {"adc": ("0.80 0.68 0.93", "0.56 0.36 0.76"), "size": ("0.75 0.60 0.88", "0.44 0.24 0.64"), "f": ("0.60 0.45 0.75", "0.72 0.52 0.88")}.items()
        for k, (s, v) in enumerate((f"{name}{end}", value) for name, trio in zip(("sensitivity", "specificity"), trios, strict=True) for end, value in zip(("", "_low", "_high"), trio.split(), strict=True))), COMPARED),
    "another denominator by item": (f"{SIZES}\ns,table5,,adc,sensitivity,80.00,%,", COMPARED),
}  # fmt: skip


@pytest.mark.parametrize("kind", INNOCENT)
def test_nobody_is_accused(audit, kind):
    """Correct numbers of this kind are neither refuted nor disputed."""
    found = audit(*INNOCENT[kind])
    assert not found["verdict"].isin((*REFUTED, "disputed")).any(), found[["verdict", "reason"]]


def test_prints_of_one_quantity_confirm_each_other(audit):
    """A share printed as 0.875 and as 87.5 % is consistent, and so is a mean in two units."""
    for kind in ("a fraction and per cent", "another unit"):
        assert (audit(*INNOCENT[kind])["verdict"] == "consistent").sum() >= 2


def test_truncated_shares_are_named_as_such(audit):
    """Shares of 38 and 65 with their digits cut off are consistent, by truncation."""
    rows = "a,table1,x,,n,65,,\nb,table1,y,,n,38,,\ns,table2,,d,sensitivity,78.9,%,\nt,table2,,d,specificity,86.1,%,\nu,table2,,q,sensitivity,89.4,%,\nv,table2,,q,specificity,90.7,%,"
    found = audit(rows).loc[["s", "t", "u", "v"]]
    assert (found["verdict"] == "unverifiable").sum() == 0
    assert found["reason"].str.contains("truncated").all()


def test_standard_errors_are_read_as_such(audit):
    """Parts whose spreads pool to the whole as standard errors alone are so read, and nobody is
    accused.
    """
    rows = "n,table1,all,,n,90,,\na,table1,x,,n,18,,\nb,table1,y,,n,72,,\nm,table1,all,c,mean,4.90,,\ns,table1,all,c,sd,0.17,,\nk,table1,x,c,mean,3.71,,\nr,table1,x,c,sd,0.21,,\nl,table1,y,c,mean,5.20,,\nt,table1,y,c,sd,0.18,,"
    found = audit(rows, '[groups]\ncomplete = true\n[groups.parts]\nall = ["x", "y"]\n')
    assert not found["verdict"].isin((*REFUTED, "disputed")).any()
    assert "standard error" in found.loc["s", "reason"]


def test_a_t_beyond_every_test_is_refuted(audit):
    """t 62.4 where the rows give 7.2: a decimal point, even with a total column and no structure
    file.
    """
    found = audit(f"{PAIR}\nn,table1,total,,n,65,,\nt,table2,,adc,t,72.6,,")
    assert (found.loc["t", "verdict"], found.loc["t", "recovered"]) == ("misprint", "7.26")


def test_a_p_against_its_rows_is_disputed(audit):
    """p > 0.05 beside groups two standard deviations apart: disputed, and nothing is recovered."""
    found = audit(f"{PAIR}\np,table2,,adc,p,> 0.05,,")
    assert found.loc["p", "verdict"] == "disputed" and found.loc["p", "recovered"] == ""
    assert "1.51" in found.loc["p", "reason"] and not found["verdict"].isin(REFUTED).any()


@pytest.mark.parametrize("ratio", ["5.20,0.30,0.90,0.52", "0.52,0.30,9.00,0.001"])
def test_a_ratio_against_its_limits_is_seen(audit, ratio):
    """An odds ratio outside its limits, or far from their middle, is noticed without a structure
    file.
    """
    names = ("odds_ratio", "ci_low", "ci_high", "p")
    rows = "\n".join(
        f"{n},table3,,adc,{n},{v},," for n, v in zip(names, ratio.split(","), strict=True)
    )
    assert audit(rows)["verdict"].isin((*REFUTED, "disputed")).any()


def test_a_shifted_standard_error_is_found(audit):
    """An SE of 39.48 for 3.948, by the limits that it cannot give."""
    rows = "b,table4,,f,b,8.515,,\ns,table4,,f,se,39.48,,\no,table4,,f,odds_ratio,4988.3,,\nl,table4,,f,ci_low,2.2,,\nh,table4,,f,ci_high,11433770.1,,"
    found = audit(rows)
    assert (found.loc["s", "verdict"], found.loc["s", "recovered"]) == ("misprint", "3.948")
    assert found["verdict"].isin((*REFUTED, "disputed")).sum() == 1


def test_value_or_limit_of_an_icc_is_disputed(audit):
    """An ICC below its lower limit: either may be wrong, and each names the other."""
    rows = f"{SIZES}\ni,results,,adc,icc,0.69,,\nl,results,,adc,icc_low,0.93,,\nh,results,,adc,icc_high,0.98,,"
    found = audit(rows, COMPARED + "[agreement]\nraters = 2\n")
    assert (found.loc[["i", "l"], "verdict"] == "disputed").all()
    assert "0.93 (l)" in found.loc["i", "reason"] and "0.69 (i)" in found.loc["l", "reason"]


def test_values_out_of_their_range_are_impossible(audit):
    """An area of 1.89 and a share of 188.9 %, under names in capitals."""
    found = audit("x,table2,,adc,AUC,1.89,,\ny,table2,,adc,Sensitivity,188.9,%,")
    assert (found["verdict"] == "impossible").all()


def test_the_anova_of_the_declared_groups_is_tested(audit):
    """Of two declared families of groups the one whose ANOVA prints that p is taken."""
    head = f"{HEAD},analysis"
    means = {"x": "1.40", "y": "1.38", "z": "1.21"}
    rows = "\n".join(
        f"n{g},table1,{g},,n,30,,,\nm{g},table1,{g},adc,mean,{m},,,\ns{g},table1,{g},adc,sd,0.20,,,"
        for g, m in means.items()
    )
    rows += "\nr,table1,rest,,n,60,,,\na,table1,all,,n,90,,,\np,table2,,adc,p,<0.001,,,anova"
    structure = '[groups]\ncompared = ["rest", "z"]\ncomplete = true\n[groups.parts]\nrest = ["x", "y"]\nall = ["x", "y", "z"]\n'
    assert audit(rows, structure, head).loc["p", "verdict"] == "consistent"


BAD = {
    "misspelt statistic": ("x,table1,a,,senstivity,80,%,", "", "senstivity' is unknown; did you mean sensitivity"),
    "endless number": ("x,table1,a,age,mean,1e999,,", "", "more digits than any paper prints"),
    "endless group": ("x,table1,a,,n,1000000000000,,", "", "no group has more than"),
    "negative SD": ("x,table1,a,age,sd,-3,,", "", "it is never negative"),
    "case of a group": ("x,table1,A,,n,3,,\ny,table1,a,,n,4,,", "", "is also written"),
    "unknown entry": ("x,table1,a,,n,3,,", "[tests]\nconfidance = 0.9\n", "unknown entry 'tests.confidance'"),
    "circle of parts": ("x,table1,a,,n,3,,\ny,table1,b,,n,4,,\nz,table1,c,,n,4,,", '[groups.parts]\na = ["b", "c"]\nb = ["a", "c"]\n', "goes round in a circle"),
    "own part": ("x,table1,a,,n,3,,\ny,table1,b,,n,4,,", '[groups.parts]\na = ["a", "b"]\n', "no part of itself"),
    "wrong shape": ("x,table1,a,,n,3,,", "groups = 3\n", "groups is 3"),
    "half a range": ("x,table1,a,age,mean,3,,", "[parameters.limits]\nage = [1]\n", "parameters.limits is"),
    "a string for a list": ("x,table1,a,age,mean,3,,", '[parameters]\nwhole_numbers = "age"\n', "give a list of parameters"),
    "confidence": ("x,table1,a,,n,3,,", "[tests]\nconfidence = 2.0\n", "between 0 and 1"),
    "raters": ("x,table1,a,,n,3,,", "[agreement]\nraters = -1\n", "from 2 on"),
    "brackets": ("x,table1,a,,n,3,,", "title = " + "[" * 50000, "not a TOML file"),
    "group in capitals": ("x,table1,a,,n,3,,\ny,table1,b,,n,4,,", '[groups]\ncompared = ["A", "b"]\n', "write it 'a'"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_a_malformed_file_is_one_line(tmp_path, capsys, kind):
    """What is wrong, the value met and what is accepted, in one line; exit code 2."""
    rows, structure, message = BAD[kind]
    (tmp_path / "claims.csv").write_text(f"{HEAD}\n{rows}\n")
    if structure:
        (tmp_path / "structure.toml").write_text(structure)
    assert main(["audit", str(tmp_path / "claims.csv"), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "expression",
    [
        "9**9**9",
        "S0/0",
        "exp",
        "(-1)**0.5",
        "(" * 150 + "S0" + ")" * 150,
        "S0 * exp(-b * D) ** 99999",
    ],
)
def test_hostile_equations_end(tmp_path, capsys, expression):
    """An equation without end, or none, gives a verdict or one line."""
    row = f'e,methods,,,equation,S,,,,m,"{expression}"'
    (tmp_path / "claims.csv").write_text(f"{HEAD},analysis,item,test\n{row}\n")
    (tmp_path / "structure.toml").write_text("[equations.m]\nranges = { D = [1e-4, 4e-3] }\n")
    code = main(["audit", str(tmp_path / "claims.csv"), "--out", str(tmp_path / "out")])
    assert code == 0 or (code == 2 and capsys.readouterr().err.count("\n") == 1)


def test_names_from_input_are_neither_paths_nor_formulas_nor_markup(tmp_path):
    """A location is no path, a script no script, and a cell no formula."""
    rows = f"{SIZES}\nx,table../../../y,,<script>alert(1)</script>,sensitivity,90.6,%,\nz,table1,,=cmd|' /C calc'!A1,auc,0.9,,"
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "claims.csv").write_text(f"{HEAD}\n{rows}\n")
    out = tmp_path / "deep" / "out"
    assert main(["audit", str(tmp_path / "in" / "claims.csv"), "--out", str(out)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"in", "deep"} and [
        p.name for p in (tmp_path / "deep").iterdir()
    ] == ["out"]
    assert (
        "<script>alert" not in (out / "ledger.html").read_text() + (out / "ledger.md").read_text()
    )
    assert not re.search(r"(^|,)=", (out / "ledger.csv").read_text(), re.MULTILINE)


def test_ask_writes_the_questions(tmp_path, capsys):
    """`--ask` writes a structure file of comments, which is valid as it stands and is not written
    over.
    """
    path = tmp_path / "claims.csv"
    path.write_text(f"{HEAD}\n{PAIR}\nt,table2,,adc,t,7.2,,\n")
    assert main(["audit", str(path), "--ask"]) == 0
    text = (tmp_path / "claims.toml").read_text()
    assert '# compared = ["control", "case"]' in text and "# complete = true" in text
    assert main(["audit", str(path), "--out", str(tmp_path / "out")]) == 0
    assert "can be checked against others" in capsys.readouterr().out
    assert main(["audit", str(path), "--ask"]) == 2


REFUTABLE = ("m25", "m27", "m28", "m29", "m30", "m32", "m40", "m41")


def test_the_shared_cases(outside):
    """Of the small files that are handed round, eight hold a wrong number each, and no other is
    accused.
    """
    for folder in sorted(p for p in outside("audit-cases").iterdir() if p.is_dir()):
        found = judge(folder / "claims.csv").ledger
        named = found["verdict"].isin((*REFUTED, "disputed")).any()
        assert named == folder.name.startswith(REFUTABLE), folder.name


def test_a_limit_may_lie_beyond_its_estimates_range(audit):
    """Wald's upper limit of a kappa prints 1.03 without being wrong."""
    rows = "k,table3,,d,kappa,0.91,,\nl,table3,,d,kappa_low,0.79,,\nh,table3,,d,kappa_high,1.03,,"
    assert not audit(rows)["verdict"].isin((*REFUTED, "disputed")).any()


def test_a_threshold_is_tried_as_what_it_stands_for(audit):
    """A p of <0.001 beside Wald and limits that both give 0.0012 is the one number that is wrong."""
    found = audit(
        "b,table5,,k,b,−0.095,,\ns,table5,,k,se,0.029,,\nw,table5,,k,wald,10.454,,\n"
        "o,table5,,k,odds_ratio,0.909,,\nl,table5,,k,ci_low,0.858,,\nh,table5,,k,ci_high,0.963,,\n"
        "p,table5,,k,p,<0.001,,",
        '[tests]\nodds_limits = "wald"\n',
    )
    assert found["verdict"]["p"] == "misprint"
    assert list(found.index[found["verdict"].isin((*REFUTED, "disputed"))]) == ["p"]


def test_range_and_mean_bound_the_sd(audit):
    """With a mean next to the smallest value the SD cannot be half the range (Bhatia & Davis
    2000).
    """
    rows = (
        "n,table1,x,,n,24,,\nm,table1,x,rcbv,mean,1.99,,\ns,table1,x,rcbv,sd,0.42,,\n"
        "l,table1,x,rcbv,minimum,{},,\nh,table1,x,rcbv,maximum,2.89,,"
    )
    known = '[groups]\ncomplete = true\n[parameters]\nspread = "sd"\n'
    suspects = (*REFUTED, "disputed")
    assert not audit(rows.format("1.16"), known)["verdict"].isin(suspects).any()
    assert audit(rows.format("1.96"), known)["verdict"].isin(suspects).any()
