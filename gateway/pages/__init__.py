"""The pages that show the gateway's interfaces, and what they are made of.

The viewers in ``assets/`` are other people's; `tools.viewers` puts them there.
"""
