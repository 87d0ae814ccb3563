"""The operators' console: pages made on the server, in Swedish and English, for a browser.

One module for each page, beside the templates that it fills. ``door`` lets people in and finds the
page; ``ports`` says what pages may read and do.
"""
