"""What each route of the Integration API needs of a key, as the reference says it."""

from __future__ import annotations

from footage.timeline import Scope

NEEDED = {
    "GET /v1/cameras": Scope.READ,
    "GET /v1/cameras/{}": Scope.READ,
    "GET /v1/cameras/{}/status": Scope.READ,
    "GET /v1/cameras/{}/locks": Scope.READ,
    "GET /v1/status": Scope.READ,
    "POST /v1/cameras/{}/tokens": Scope.READ,
    "POST /v1/cameras": Scope.WRITE,
    "PATCH /v1/cameras/{}": Scope.WRITE,
    "POST /v1/cameras/{}/locks": Scope.WRITE,
    "DELETE /v1/cameras/{}/locks/{}": Scope.WRITE,
    "DELETE /v1/cameras/{}": Scope.ADMIN,
    "POST /v1/cameras/{}/restore": Scope.ADMIN,
    "GET /v1/removed-cameras": Scope.ADMIN,
    "GET /v1/audit": Scope.ADMIN,
}
