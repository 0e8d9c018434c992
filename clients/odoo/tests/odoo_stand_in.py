"""A stand-in for the package ``odoo``: as much of it as the add-on uses, in memory.

It is not Odoo. It refuses every attribute, field option, field, value and access that is not listed here, so that the
add-on uses only what is known to be there in a series. What it lists was read in Odoo's sources; what Odoo does with it
was not run.
"""

from __future__ import annotations

import csv
import importlib
import sys
import types
from datetime import datetime
from pathlib import Path
from typing import Any, Callable, Iterator, Optional

ALL = ("17.0", "18.0", "19.0")
#: What each module of Odoo has, and in which series.
MODULES: dict[str, dict[str, tuple[str, ...]]] = {
    "odoo": {
        **dict.fromkeys(("_", "api", "exceptions", "fields", "models", "release", "addons"), ALL),
        "SUPERUSER_ID": ("17.0", "18.0"),
    },
    "odoo.api": {
        **dict.fromkeys(("Environment", "model", "model_create_multi"), ALL),
        "SUPERUSER_ID": ("19.0",),
    },
    "odoo.exceptions": dict.fromkeys(("AccessError", "UserError", "ValidationError"), ALL),
    "odoo.fields": dict.fromkeys(("Binary", "Boolean", "Char", "Datetime", "Many2one", "Selection", "Text"), ALL),
    "odoo.models": {"Model": ALL, "TransientModel": ALL, "Constraint": ("19.0",)},
    "odoo.release": {"series": ALL},
}
#: Attributes of a class of the add-on, in the series that read them.
CLASS_ATTRIBUTES = {
    "_name": ALL, "_inherit": ALL, "_description": ALL, "_rec_name": ALL, "_order": ALL,
    "_sql_constraints": ("17.0", "18.0"),
}  # fmt: skip
_OPTIONS = {"string", "required", "readonly", "copy", "default", "groups", "help", "compute", "config_parameter"}
#: Records that other modules of Odoo have.
EXTERNAL_IDS = {
    "base.group_system", "base.group_user", "base.res_config_settings_view_form", "base.menu_administration",
}  # fmt: skip


class NotListed(AttributeError):
    """The add-on used what the stand-in does not list."""


class UserError(Exception):
    """``odoo.exceptions.UserError``"""


class AccessError(UserError):
    """``odoo.exceptions.AccessError``"""


class ValidationError(UserError):
    """``odoo.exceptions.ValidationError``"""


class Field:
    """A field, with a value in the stand-in's table for each record."""

    options: set[str] = set()
    takes: tuple[type, ...] = (str,)

    def __init__(self, *args: Any, **options: Any) -> None:
        unknown = set(options) - _OPTIONS - self.options
        if unknown:
            raise NotListed(f"{type(self).__name__} has no option {sorted(unknown)}")
        self.args = args
        self.options_given = options
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, record: Any, owner: type) -> Any:
        if record is None:
            return self
        if not record._ids:
            return False
        (record_id,) = record._ids
        self.check_groups(record)
        record._check_access("read")
        row = record._rows()[record_id]
        if "compute" in self.options_given and self.name not in row:
            getattr(record, self.options_given["compute"])()
        return self.read(record, row.get(self.name, False))

    def __set__(self, record: Any, value: Any) -> None:
        if "compute" in self.options_given:
            record._rows()[record._ids[0]][self.name] = value
        else:
            record.write({self.name: value})

    def read(self, record: Any, value: Any) -> Any:
        return value

    def check_groups(self, record: Any) -> None:
        groups = self.options_given.get("groups")
        if groups and not record.env.su and not any(record.env.user.has_group(one) for one in groups.split(",")):
            raise AccessError(f"{record._name}.{self.name} is for {groups}")

    def check(self, value: Any) -> None:
        if value is not False and type(value) not in self.takes:
            raise ValidationError(f"{self.name} can't be {value!r}")


class Char(Field):
    pass


class Text(Field):
    pass


class Boolean(Field):
    takes = (bool,)


class Binary(Field):
    options = {"attachment"}
    takes = (bytes,)


class Datetime(Field):
    takes = (datetime,)

    def check(self, value: Any) -> None:
        super().check(value)
        if value and value.tzinfo is not None:
            raise ValidationError(f"{self.name} must be without a zone, in UTC")


class Selection(Field):
    def check(self, value: Any) -> None:
        if value is not False and value not in dict(self.args[0]):
            raise ValidationError(f"{self.name} can't be {value!r}")


class Many2one(Field):
    options = {"ondelete"}
    takes = (int,)

    def read(self, record: Any, value: Any) -> Any:
        return record.env[self.args[0]].browse(value or [])


class Constraint:
    """Of Odoo 19."""

    def __init__(self, definition: str, message: str) -> None:
        self.definition = definition
        self.message = message


class Model:
    """A set of records. Everything that is not below, or in a class of the add-on, is refused."""

    _name = ""
    _order = "id"

    def __init__(self, env: Env, ids: tuple[int, ...] = ()) -> None:
        self.env = env
        self._ids = ids

    def __getattr__(self, name: str) -> Any:
        raise NotListed(f"{self._name}.{name} is not in the listed API of Odoo")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in ("env", "_ids") and not isinstance(getattr(type(self), name, None), Field):
            raise NotListed(f"{self._name}.{name} is not a field")
        super().__setattr__(name, value)

    def __iter__(self) -> Iterator[Any]:
        return iter([type(self)(self.env, (one,)) for one in self._ids])

    def __len__(self) -> int:
        return len(self._ids)

    def __bool__(self) -> bool:
        return bool(self._ids)

    @property
    def id(self) -> Any:
        return self._ids[0] if self._ids else False

    def browse(self, ids: Any) -> Any:
        return type(self)(self.env, (ids,) if isinstance(ids, int) else tuple(ids))

    def exists(self) -> Any:
        return self.browse([one for one in self._ids if one in self._rows()])

    def __getitem__(self, name: str) -> Any:
        return getattr(self, self._field(name).name)

    def sudo(self) -> Any:
        return type(self)(self.env.with_su(), self._ids)

    def ensure_one(self) -> Any:
        if len(self._ids) != 1:
            raise ValueError(f"{self._name} is not one record: {self._ids}")
        return self

    def search(self, domain: list[Any], limit: Optional[int] = None) -> Any:
        self._check_access("read")
        found = [one for one, row in self._rows().items() if all(_holds(row, self._field(t[0]), t) for t in domain)]
        found.sort(key=lambda one: one if self._order == "id" else self._rows()[one][self._order])
        return self.browse(found[:limit])

    def create(self, vals_list: list[dict[str, Any]]) -> Any:
        self._check_access("create")
        made = []
        for vals in vals_list:
            defaults = {name: field.options_given["default"] for name, field in fields_of(type(self)).items()
                        if "default" in field.options_given}  # fmt: skip
            self.env.database.last_id += 1
            made.append(self.env.database.last_id)
            self._rows()[made[-1]] = {}
            self._put(made[-1], {**defaults, **vals})
        return self.browse(made)

    def write(self, vals: dict[str, Any]) -> bool:
        self._check_access("write")
        for one in self._ids:
            self._put(one, vals)
        return True

    def _put(self, record_id: int, vals: dict[str, Any]) -> None:
        for name, value in vals.items():
            field = self._field(name)
            field.check_groups(self)
            field.check(value)
            self._rows()[record_id][name] = value
        row = self._rows()[record_id]
        for name, field in fields_of(type(self)).items():
            if field.options_given.get("required") and not row.get(name):
                raise ValidationError(f"{name} is required")
        for columns in unique_columns(type(self)):
            same = [one for one in self._rows().values() if all(one.get(c) == row.get(c) for c in columns)]
            if len(same) > 1:
                raise ValidationError(f"{columns} must be unique")

    def _field(self, name: str) -> Field:
        if name not in fields_of(type(self)):
            raise NotListed(f"{self._name} has no field {name}")
        return fields_of(type(self))[name]

    def _rows(self) -> dict[int, dict[str, Any]]:
        return self.env.database.tables.setdefault(self._name, {})

    def _check_access(self, what: str) -> None:
        if not self.env.su and what not in self.env.database.granted(self._name, self.env.groups):
            raise AccessError(f"{what} of {self._name}")


class TransientModel(Model):
    pass


class ConfigParameter(Model):
    _name = "ir.config_parameter"

    def get_param(self, key: str, default: Any = False) -> Any:
        self._check_access("read")
        return self.env.database.parameters.get(key, default)


class Cron(Model):
    _name = "ir.cron"

    def _trigger(self, at: Optional[datetime] = None) -> None:
        if at is not None and (type(at) is not datetime or at.tzinfo is not None):
            raise TypeError("at must be a datetime without a zone, in UTC")
        self.env.database.triggered.append(at)


class User(Model):
    _name = "res.users"

    def has_group(self, group: str) -> bool:
        if group not in EXTERNAL_IDS:
            raise NotListed(f"there is no group {group}")
        return group in self.env.groups


class Settings(TransientModel):
    _name = "res.config.settings"


class Cursor:
    """``env.cr``"""

    def __init__(self, database: Database) -> None:
        self.database = database

    def commit(self) -> None:
        self.database.commits += 1
        for happens in self.database.meanwhile:
            happens()
        self.database.meanwhile = []


class Env:
    """``odoo.api.Environment``"""

    def __init__(self, database: Any, uid: int, context: dict[str, Any], su: Optional[bool] = None) -> None:
        # The database cursor of Odoo leads to its database; the stand-in has only one.
        self.database: Database = getattr(database, "database", database)
        self.su = uid == 1 if su is None else su
        self.groups = ("base.group_user", "base.group_system") if uid in (1, 2) else ("base.group_user",)
        self._uid = uid

    def __getattr__(self, name: str) -> Any:
        raise NotListed(f"env.{name} is not in the listed API of Odoo")

    def __getitem__(self, name: str) -> Any:
        return self.database.models[name](self)

    @property
    def user(self) -> Any:
        return User(self, (self._uid,))

    @property
    def cr(self) -> Cursor:
        return Cursor(self.database)

    def invalidate_all(self) -> None:
        """The stand-in has no cache."""

    def ref(self, xml_id: str, raise_if_not_found: bool = True) -> Any:
        if xml_id == "aegis_client.ir_cron_refresh":
            if self.database.has_cron:
                return Cron(self, (1,))
            if raise_if_not_found:
                raise ValueError(f"{xml_id} has been deleted")
            return None
        raise NotListed(f"there is no record {xml_id}")

    def with_su(self) -> Env:
        return Env(self.database, self._uid, {}, su=True)


class Database:
    """One database with the add-on installed."""

    def __init__(self, addon: Path, series: str) -> None:
        self.series = series
        self.tables: dict[str, dict[int, dict[str, Any]]] = {}
        self.last_id = 0
        self.parameters: dict[str, Any] = {}
        self.triggered: list[Optional[datetime]] = []
        self.commits = 0
        self.has_cron = True
        #: What others do until the next commit.
        self.meanwhile: list[Callable[[], Any]] = []
        self._grants = _grants_of(addon)
        classes = _installed(series, addon)
        self.models: dict[str, type] = {one._name: one for one in (ConfigParameter, Cron, User, Settings)}
        for one in classes:
            self.models[one._name] = one

    def env(self, uid: int = 2) -> Env:
        """:param uid: 1: the system, 2: an administrator, 3: a user"""
        return Env(self, uid, {})

    def granted(self, model: str, groups: tuple[str, ...]) -> set[str]:
        if model == "ir.config_parameter":
            return {"read"} if "base.group_system" in groups else set()
        if model == "res.config.settings":
            return {"read", "write", "create"} if "base.group_system" in groups else set()
        return set().union(*(self._grants.get((model, group), set()) for group in groups))


def fields_of(model: type) -> dict[str, Field]:
    """Fields of a model, those of classes above it too."""
    return {name: value for one in reversed(model.__mro__) for name, value in vars(one).items() if isinstance(value, Field)}


def unique_columns(model: type) -> list[list[str]]:
    """Columns of its unique constraints, in whatever form the series has them."""
    definitions = [one.definition for one in vars(model).values() if isinstance(one, Constraint)]
    definitions += [definition for _, definition, _ in vars(model).get("_sql_constraints", [])]
    return [definition.removeprefix("UNIQUE(").removesuffix(")").split(", ") for definition in definitions]


def _holds(row: dict[str, Any], field: Field, term: tuple[str, str, Any]) -> bool:
    name, operator, wanted = term
    if operator not in ("=", "!="):
        raise NotListed(f"operator {operator}")
    return (row.get(name, False) == wanted) == (operator == "=")


def _grants_of(addon: Path) -> dict[tuple[str, str], set[str]]:
    grants = {}
    with open(addon / "security" / "ir.model.access.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            model = row["model_id:id"].removeprefix("model_").replace("_", ".")
            names = ("read", "write", "create", "unlink")
            grants[(model, row["group_id:id"])] = {name for name in names if row[f"perm_{name}"] == "1"}
    return grants


class _Listed(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        # The import system asks for these.
        if name in ("__path__", "__file__", "__spec__"):
            raise AttributeError(name)
        raise NotListed(f"{self.__name__}.{name} is not in the listed API of Odoo")


_INSTALLED: dict[Path, tuple[dict[str, Any], list[type]]] = {}


def _installed(series: str, addon: Path) -> list[type]:
    """The models of the add-on. Its modules, and those of its series of Odoo, are the imported ones from now on."""
    for name in _ours():
        del sys.modules[name]
    if addon in _INSTALLED:
        sys.modules.update(_INSTALLED[addon][0])
    else:
        classes: list[type] = []
        _install(series, addon, classes)
        _INSTALLED[addon] = ({name: sys.modules[name] for name in _ours()}, classes)
    return _INSTALLED[addon][1]


def _ours() -> list[str]:
    return [one for one in sys.modules if one == "odoo" or one.startswith("odoo.")]


def _install(series: str, addon: Path, classes: list[type]) -> None:
    """Puts the package of one series in place, and imports the add-on.

    :param classes: gets the models of the add-on
    """

    def kept(base: type) -> type:
        """A base class that knows the classes that the add-on makes of it."""

        def init_subclass(cls: type, **_: Any) -> None:
            # Of an extension, the class that it extends comes first.
            for attribute in vars(cls):
                is_ours = attribute.startswith("_") and not attribute.startswith("__")
                known = CLASS_ATTRIBUTES.get(attribute, ALL if callable(vars(cls)[attribute]) else ())
                is_constraint = series == "19.0" and isinstance(vars(cls)[attribute], Constraint)
                if is_ours and series not in known and not is_constraint:
                    raise NotListed(f"{cls.__name__}.{attribute} is not read by Odoo {series}")
            if "_name" not in vars(cls):
                cls._name = cls._inherit  # type: ignore[attr-defined]
            classes.append(cls)

        return type(base.__name__, (base,), {"__init_subclass__": classmethod(init_subclass)})

    def model_create_multi(method: Callable[..., Any]) -> Callable[..., Any]:
        return lambda self, vals: method(self, vals if isinstance(vals, list) else [vals])

    def translated(text: str, *args: Any, **named: Any) -> str:
        return text % (args or named) if args or named else text

    values: dict[str, Any] = {
        "_": translated, "SUPERUSER_ID": 1, "series": series, "Environment": Env, "model": lambda method: method,
        "model_create_multi": model_create_multi, "Model": kept(Model), "TransientModel": kept(TransientModel),
        "Constraint": Constraint, "UserError": UserError, "AccessError": AccessError, "ValidationError": ValidationError,
        **{one.__name__: one for one in (Binary, Boolean, Char, Datetime, Many2one, Selection, Text)},
    }  # fmt: skip
    made = {name: _Listed(name) for name in [*MODULES, "odoo.addons"]}
    for name, listed in MODULES.items():
        for attribute, known in listed.items():
            if series in known:
                setattr(made[name], attribute, made.get(f"{name}.{attribute}") or values.get(attribute))
    made["odoo"].__path__ = []
    made["odoo.addons"].__path__ = [str(addon.parent)]
    sys.modules.update(made)
    importlib.import_module("odoo.addons.aegis_client")
