from memberctl.report.soundness import check_everything


def test_a(session, keys):
    c = check_everything(session, keys, deep=True)
    print(c)
    assert not c.problems
