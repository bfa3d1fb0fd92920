"""Parcel coordinate files as they come."""

import pytest

HEAD = """[属性描述]
格式版本号=1.01版本
数据产生单位=示例
数据产生日期=2026-11-23
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号={zone}
精度=0.001
转换参数=,,,,,,
[地块坐标]
"""
OUTER = [(2746900.0, 37650500.0), (2747100.0, 37650500.0), (2747100.0, 37650700.0), (2746900.0, 37650700.0)]
INNER = [(2746975.0, 37650575.0), (2746975.0, 37650625.0), (2747025.0, 37650625.0), (2747025.0, 37650575.0)]


def ring(points, number, first=1, *, closed=True):
    labels = [*range(first, first + len(points)), first] if closed else list(range(first, first + len(points)))
    listed = [*points, points[0]] if closed else points
    return [f"J{label},{number},{x:.3f},{y:.3f}" for label, (x, y) in zip(labels, listed, strict=True)]


def plot(lines, *, count=None, area="3.7479", header="{count},{area},1,地块1,面,,工业用地,,@"):
    return [header.format(count=len(lines) if count is None else count, area=area), *lines]


def golden():
    return HEAD.format(zone=37) + "\n".join(plot(ring(OUTER, 1) + ring(INNER, 2, 5))) + "\n"


class Parcels:
    """What a test needs to write its own file."""

    head, outer, inner = HEAD, OUTER, INNER
    ring, plot, golden = staticmethod(ring), staticmethod(plot), staticmethod(golden)

    def __init__(self, folder):
        self.folder = folder

    def write(self, text, encoding="utf-8"):
        path = self.folder / "plots.txt"
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    def text(self, *plots, zone=37):
        return HEAD.format(zone=zone) + "\n".join(line for lines in plots for line in lines) + "\n"


@pytest.fixture
def parcels(tmp_path):
    return Parcels(tmp_path)
