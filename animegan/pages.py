"""Notebooks as files and as pages: without what asks for a kernel or the network, and each picture with its words.

jupyter nbconvert --execute --to notebook --inplace --NotebookExporter.preprocessors=animegan.pages.Stored NOTEBOOK
jupyter nbconvert --to html --HTMLExporter.preprocessors=animegan.pages.Page NOTEBOOK
"""

from nbconvert.preprocessors import Preprocessor

from animegan.alt_text import to_html

WIDGET = "application/vnd.jupyter.widget-view+json"


class Stored(Preprocessor):
    """A notebook as it is stored: without times and widgets; each still picture stays, once, with its words."""

    def preprocess(self, notebook, resources):
        """Change a notebook, in place. Returns (notebook, resources)."""
        notebook.metadata.pop("widgets", None)
        return super().preprocess(notebook, resources)

    def preprocess_cell(self, cell, resources, index):
        """Change a cell's outputs, in place. Returns (cell, resources)."""
        cell.metadata.pop("execution", None)  # times of day, other ones in each execution
        for output in cell.get("outputs", []):
            if "data" in output:
                alt = output.get("metadata", {}).get("image/png", {}).get("alt")
                self.change(output["data"], alt if "image/png" in output["data"] else None)
        return cell, resources

    def change(self, data, alt):
        """Change an output, in place.

        Args:
            data: {MIME type: content}.
            alt: words of its PNG, or None.
        """
        data.pop(WIDGET, None)
        if alt:
            data.pop("text/html", None)


class Page(Stored):
    """A notebook on its way to HTML: pictures as HTML with their words, which nbconvert's own template leaves out."""

    def change(self, data, alt):
        """Change an output, in place; arguments as above."""
        super().change(data, alt)
        if alt:
            data["text/html"] = to_html("".join(data["image/png"].split()), alt)
