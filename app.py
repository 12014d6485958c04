"""Start the app: `python app.py`. Also the entry point on Hugging Face Spaces."""

from demo.command.serve import main
from experiments.cli.command_line import run_command

if __name__ == "__main__":
    run_command(main)
