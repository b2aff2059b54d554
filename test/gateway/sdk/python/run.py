"""Runs the scripts of the SDKs named on the command line, or of all, against the gateway at GATEWAY_URL."""
import importlib
import sys

names = sys.argv[1:] or ["openai", "anthropic", "genai", "groq", "together", "mistral"]
good = [importlib.import_module(f"{name}_sdk").suite.run() for name in names]
sys.exit(0 if all(good) else 1)
