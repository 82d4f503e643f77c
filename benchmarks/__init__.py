# SPDX-License-Identifier: Apache-2.0
"""Measurements of Noli beside its peers, taken in one run on one machine.

``python -m benchmarks [ROW…]`` measures, writes ``benchmarks/results.json`` and renders
``docs/benchmarks.md``. Machines differ and are noisy: read the ratios, not the times.
"""
