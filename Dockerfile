ARG PYTHON_IMAGE=python:3.12.8-slim-bookworm@sha256:2199a62885a12290dc9c5be3ca0681d367576ab7bf037da120e564723292a2f0
FROM ${PYTHON_IMAGE} AS build
WORKDIR /app
# Or sso, where people sign on at an identity provider.
ARG REQUIREMENTS=core
COPY requirements/core.txt requirements/sso.txt requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/${REQUIREMENTS}.txt

FROM ${PYTHON_IMAGE}
RUN useradd --system --uid 10001 cspace
WORKDIR /app
COPY --from=build /venv /venv
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CSPACE_ENV=production
RUN SECRET_KEY=build-only-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF \
    CSPACE_JWT_KEY=only-for-build-9876543210-zyxwvutsrqponmlkjihgfedcba \
    ALLOWED_HOSTS=build.invalid python manage.py collectstatic --noinput
USER cspace
EXPOSE 8000
# Ready, not just alive: until then the proxy waits.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --start-interval=1s CMD python -c "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--workers", "2"]
