# make setup     a virtual environment in .venv with everything, at the versions of constraints.txt
# make tutorial  execute the notebooks; leaves build/notebooks/*.ipynb, *.html and build/faces.png
# make test      run the tests
# make lab       open the notebooks in JupyterLab
# make lint      check the style of code and notebooks, as the pre-commit hook does
#
# EXTRAS=dev,jax,torch after any of them adds what pyproject.toml calls so; the environment keeps what it has.

PYTHON ?= python3
EXTRAS ?= dev
BIN := .venv/bin
READY := .venv/ready-$(EXTRAS)
NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))

.PHONY: setup tutorial test lab lint clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[$(EXTRAS)]"
	touch $@

tutorial: setup
	mkdir -p build/notebooks
	for notebook in $(NOTEBOOKS); do \
		echo "$$notebook" && \
		$(BIN)/jupyter nbconvert --log-level WARN --execute --to notebook \
			--NotebookExporter.preprocessors=animegan.pages.Stored --output-dir build/notebooks "$$notebook" || exit 1; \
	done
	$(BIN)/jupyter nbconvert --log-level WARN --to html \
		--HTMLExporter.preprocessors=animegan.pages.Page --output-dir build/notebooks build/notebooks/*.ipynb

test: setup
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

lab: setup
	$(BIN)/jupyter lab --LabApp.news_url=None notebooks

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	git ls-files -z '*.md' '*.py' '*.ipynb' '*.js' | xargs -0 $(BIN)/codespell

clean:
	rm -rf .venv build
